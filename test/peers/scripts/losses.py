"""
Argument: a JSON file with embeddings and logits [rows][columns] and labels [rows][classes].
Prints value and gradient of each loss, by libraries where they have it, else by the paper's formula in PyTorch with its
automatic differentiation; float64.
"""

import json
import sys

import torch
from pytorch_metric_learning import distances, losses, miners
from timm.loss import AsymmetricLossMultiLabel

data = json.load(open(sys.argv[1]))
LABELS = torch.tensor(data["labels"], dtype=torch.float64)
ROWS = len(LABELS)
OTHER = ~torch.eye(ROWS, dtype=torch.bool)
both = LABELS @ LABELS.T
union = LABELS.sum(1)[:, None] + LABELS.sum(1)[None] - both
JACCARD = torch.where(union == 0, 1.0, both / union.clamp(min=1))
ALIKE = (1 - JACCARD) <= 0.5
POSITIVE, NEGATIVE = ALIKE & OTHER, ~ALIKE & OTHER


def pairs():
    return (*torch.where(POSITIVE), *torch.where(NEGATIVE))


def similarities(x):
    unit = torch.nn.functional.normalize(x)
    return unit @ unit.T


def log_softmax(s):
    return s.masked_fill(~OTHER, -torch.inf).log_softmax(1).masked_fill(~OTHER, 0)


def supcon(x):
    return losses.SupConLoss(temperature=0.1)(x, indices_tuple=pairs())


def supcon_graded(x):
    weights = JACCARD * OTHER
    rows = weights.sum(1) > 0
    return (-(weights * log_softmax(similarities(x) / 0.1)).sum(1)[rows] / weights.sum(1)[rows]).mean()


def mulsupcon(x):
    logs, terms = log_softmax(similarities(x) / 0.1), []
    for i in range(ROWS):
        for c in torch.where(LABELS[i] > 0)[0]:
            members = (LABELS[:, c] > 0) & OTHER[i]
            if members.any():
                terms.append(-logs[i, members].mean())
    return torch.stack(terms).mean()


def sndl(x):
    lengths = LABELS.norm(dim=1)
    cosine = both / (lengths[:, None] * lengths[None]).clamp(min=1e-12)
    cosine[(lengths[:, None] == 0) & (lengths[None] == 0)] = 1
    weights = cosine * OTHER
    rows = weights.sum(1) > 0
    return -(weights * log_softmax(similarities(x) / 0.1).exp()).sum(1)[rows].log().mean()


def log_ratio(x):
    terms = []
    for a in range(ROWS):
        rest = torch.where(OTHER[a])[0]
        D = ((x[a] - x[rest]) ** 2).sum(1) + 1e-6
        Y = 1 - JACCARD[a, rest] + 0.1
        i, j = torch.triu_indices(ROWS - 1, ROWS - 1, 1)
        terms.append((((D[i] / D[j]).log() - (Y[i] / Y[j]).log()) ** 2).mean())
    return torch.stack(terms).mean()


def happier(x):
    s, terms = similarities(x), []
    for q in range(ROWS):
        rest = torch.where(OTHER[q])[0]
        r = JACCARD[q, rest]
        if r.sum() == 0:
            continue
        G = torch.sigmoid((s[q, rest][None] - s[q, rest][:, None]) / 0.1)
        G = G - torch.diag(torch.diag(G))
        H = r + (torch.minimum(r[:, None], r[None]) * G).sum(1)
        terms.append(1 - (H / (1 + G.sum(1))).sum() / r.sum())
    return torch.stack(terms).mean()


def roadmap(x):
    s, terms, tau, rho, delta = similarities(x), [], 0.01, 100, 0.05
    for q in range(ROWS):
        P, N = s[q, POSITIVE[q]], s[q, NEGATIVE[q]]
        if len(P) == 0:
            continue
        d = N[None] - P[:, None]
        low = torch.sigmoid(d.clamp(max=delta) / tau)
        line = rho * (d - delta) + torch.sigmoid(torch.tensor(delta / tau)).double() + 0.5
        bound = torch.where(d <= 0, low, torch.where(d <= delta, low + 0.5, line)).sum(1)
        right = (P[None] >= P[:, None]).sum(1)
        terms.append((bound / (right + bound)).mean())
    hinges = (0.9 - s[POSITIVE]).clamp(min=0).mean() + (s[NEGATIVE] - 0.6).clamp(min=0).mean()
    return 0.5 * torch.stack(terms).mean() + 0.5 * hinges


def recall_at_k(x):
    s, terms = similarities(x), []
    for q in range(ROWS):
        if not POSITIVE[q].any():
            continue
        rest = torch.where(OTHER[q])[0]
        G = torch.sigmoid((s[q, rest][None] - s[q, rest][:, None]) / 0.1)
        rank = 1 + G.sum(1) - torch.diag(G)
        mine = rank[POSITIVE[q, rest]]
        terms.append(torch.stack([torch.sigmoid(k - mine).mean() for k in (1, 2, 4)]).mean())
    return 1 - torch.stack(terms).mean()


def multi_similarity(x):
    a1, p, a2, n = pairs()
    mined = miners.MultiSimilarityMiner(epsilon=0.1)
    s = similarities(x)
    # The miner's own choice of pairs, made from the relation instead of single labels.
    least = s.masked_fill(~POSITIVE, torch.inf).min(1).values
    most = s.masked_fill(~NEGATIVE, -torch.inf).max(1).values
    keep_n, keep_p = s[a2, n] + mined.epsilon > least[a2], s[a1, p] - mined.epsilon < most[a1]
    whole = POSITIVE.any(1) & NEGATIVE.any(1)
    keep_n, keep_p = keep_n & whole[a2], keep_p & whole[a1]
    loss = losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5)
    return loss(x, indices_tuple=(a1[keep_p], p[keep_p], a2[keep_n], n[keep_n]))


def circle(x):
    return losses.CircleLoss(m=0.4, gamma=80)(x, indices_tuple=pairs())


def triplet(x):
    a, p, n = [], [], []
    for i in range(ROWS):
        for j in torch.where(POSITIVE[i])[0]:
            for k in torch.where(NEGATIVE[i])[0]:
                a.append(i), p.append(int(j)), n.append(int(k))
    from pytorch_metric_learning.reducers import MeanReducer

    loss = losses.TripletMarginLoss(margin=0.2, distance=distances.LpDistance(), reducer=MeanReducer())
    return loss(x, indices_tuple=tuple(torch.tensor(one) for one in (a, p, n)))


def margin(x):
    from pytorch_metric_learning.reducers import AvgNonZeroReducer

    whole = POSITIVE.any(1) & NEGATIVE.any(1)
    d = distances.LpDistance()(x)
    terms = torch.cat([0.2 + d[POSITIVE & whole[:, None]] - 1.2, 0.2 - d[NEGATIVE & whole[:, None]] + 1.2]).clamp(min=0)
    return terms.sum() / (terms > 0).sum().clamp(min=1)


def quantisation(h):
    return ((h.abs() - 1) ** 2).mean()


def hashnet(x):
    """Cao et al. 2017, eq. 2 to 4, with weights as groups."""
    h = torch.tanh(x)
    t = 10 * (h @ h.T) / h.shape[1]
    i, j = torch.triu_indices(ROWS, ROWS, 1)
    s = (JACCARD[i, j] > 0).double()
    w = torch.where(s > 0, JACCARD[i, j] * len(s) / s.sum(), len(s) / (1 - s).sum())
    return (w * (torch.log1p(torch.exp(t[i, j])) - s * t[i, j])).mean() + 0.1 * quantisation(h)


def csq(x):
    """Yuan et al. 2020, eq. 4 to 7, with scipy's Hadamard matrix; undecided bits come from the file."""
    from scipy.linalg import hadamard

    h = torch.tanh(x)
    votes = LABELS @ torch.tensor(hadamard(h.shape[1])[: LABELS.shape[1]], dtype=torch.float64)
    bits = torch.where(votes == 0, torch.tensor(data["undecided"], dtype=torch.float64)[None], votes.sign())
    some = LABELS.sum(1) > 0
    cross = torch.nn.functional.binary_cross_entropy((1 + h[some]) / 2, (1 + bits[some]) / 2)
    return cross + 0.01 * quantisation(h)


def asl(x):
    loss = AsymmetricLossMultiLabel(gamma_neg=4, gamma_pos=1, clip=0.05, eps=1e-30, reduction="mean")
    return loss(x, LABELS)


def ml_xent_smooth(x):
    return torch.nn.functional.binary_cross_entropy_with_logits(x, LABELS * 0.9 + 0.05)


out = {}
for name, loss in list(globals().items()):
    if not callable(loss) or getattr(loss, "__module__", "") != "__main__" or name in ("pairs", "similarities", "log_softmax", "quantisation"):
        continue
    given = data["logits" if name in ("asl", "ml_xent_smooth") else "embeddings"]
    x = torch.tensor(given, dtype=torch.float64, requires_grad=True)
    value = loss(x)
    value.backward()
    out[name] = {"value": value.item(), "gradient": x.grad.ravel().tolist()}
print(json.dumps(out))
