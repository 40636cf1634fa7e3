"""
losses.py FILE            value and gradient of each loss, float64
losses.py FILE FOLDER     value of each loss; its gradient is in FOLDER/NAME.f64
losses.py FILE NAME N     of one loss, seconds of value and gradient (median of N rounds) and growth of the process in MiB,
                          float32

FILE holds JSON: embeddings and logits [rows][columns], labels [rows][classes], proxies [classes][columns]. A loss comes from a
library where one has it, else it is the paper's formula in PyTorch with its automatic differentiation.
"""

import json
import pathlib
import resource
import statistics
import sys
import time

import torch

data = json.load(open(sys.argv[1]))
NAME = sys.argv[2] if len(sys.argv) > 3 else None
FOLDER = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else None
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 0
DTYPE = torch.float64 if ROUNDS == 0 else torch.float32
LABELS = torch.tensor(data["labels"], dtype=DTYPE)
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
    from pytorch_metric_learning import losses

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
        line = rho * (d - delta) + torch.sigmoid(torch.tensor(delta / tau)).to(DTYPE) + 0.5
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
    from pytorch_metric_learning import losses, miners

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
    from pytorch_metric_learning import losses

    return losses.CircleLoss(m=0.4, gamma=80)(x, indices_tuple=pairs())


def triplet(x):
    from pytorch_metric_learning import distances, losses
    from pytorch_metric_learning.reducers import MeanReducer

    loss = losses.TripletMarginLoss(margin=0.2, distance=distances.LpDistance(), reducer=MeanReducer())
    return loss(x, indices_tuple=torch.where(POSITIVE[:, :, None] & NEGATIVE[:, None, :]))


def margin(x):
    from pytorch_metric_learning import distances

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
    s = (JACCARD[i, j] > 0).to(DTYPE)
    w = torch.where(s > 0, JACCARD[i, j] * len(s) / s.sum(), len(s) / (1 - s).sum())
    return (w * (torch.log1p(torch.exp(t[i, j])) - s * t[i, j])).mean() + 0.1 * quantisation(h)


def csq(x):
    """Yuan et al. 2020, eq. 4 to 7, with scipy's Hadamard matrix; undecided bits come from the file."""
    from scipy.linalg import hadamard

    h = torch.tanh(x)
    votes = LABELS @ torch.tensor(hadamard(h.shape[1])[: LABELS.shape[1]], dtype=DTYPE)
    bits = torch.where(votes == 0, torch.tensor(data["undecided"], dtype=DTYPE)[None], votes.sign())
    some = LABELS.sum(1) > 0
    cross = torch.nn.functional.binary_cross_entropy((1 + h[some]) / 2, (1 + bits[some]) / 2)
    return cross + 0.01 * quantisation(h)


def asl(x):
    from timm.loss import AsymmetricLossMultiLabel

    loss = AsymmetricLossMultiLabel(gamma_neg=4, gamma_pos=1, clip=0.05, eps=1e-30, reduction="mean")
    return loss(x, LABELS)


def ml_xent_smooth(x):
    return torch.nn.functional.binary_cross_entropy_with_logits(x, LABELS * 0.9 + 0.05)


def xent(x):
    return torch.nn.functional.cross_entropy(x, LABELS)


def ml_xent(x):
    return torch.nn.functional.binary_cross_entropy_with_logits(x, LABELS)


def averages(x):
    """Means of positives, and of all others with the anchor, for anchors that have both."""
    whole = POSITIVE.any(1) & NEGATIVE.any(1)
    near, far = POSITIVE[whole].to(DTYPE), (~POSITIVE)[whole].to(DTYPE)
    return x[whole], near @ x / near.sum(1, keepdim=True), far @ x / far.sum(1, keepdim=True)


def contrastive_avg(x):
    a, p, n = (torch.nn.functional.normalize(one) for one in averages(x))
    return ((a - p) ** 2).sum() / 2 + ((1.2 - (a - n).norm(dim=1)).clamp(min=0) ** 2).sum() / 2


def triplet_avg(x):
    return torch.nn.functional.triplet_margin_loss(*averages(x), margin=1.2)


def triplet_hard(x):
    """The first positive and the first negative of each anchor, which the test's draws choose."""
    whole = POSITIVE.any(1) & NEGATIVE.any(1)
    p, n = (torch.where(one, torch.arange(ROWS), ROWS).min(1).values[whole] for one in (POSITIVE, NEGATIVE))
    return torch.nn.functional.triplet_margin_loss(x[whole], x[p], x[n], margin=1.2)


def ranks(s):
    """R(q, a) = 1 + sum over b != a of G(S_qb - S_qa), all comparisons at once."""
    return 1 + torch.sigmoid((s[:, None, :] - s[:, :, None]) / 0.1).mul(1 - torch.eye(len(s), dtype=DTYPE)).sum(-1)


def oml(x):
    s, parts = similarities(x), []
    everywhere = ranks(s)
    for c in range(LABELS.shape[1]):
        members = LABELS[:, c].nonzero()[:, 0]
        if len(members) > 1:
            block = (members[:, None], members)
            parts.append(1 - (ranks(s[block]) / everywhere[block]).sum() / len(members) / ROWS)
    return torch.stack(parts).mean()


def smoothap(x):
    s, terms = similarities(x), []
    for q in range(ROWS):
        if POSITIVE[q].any():
            rest = torch.where(OTHER[q])[0]
            G = torch.sigmoid((s[q, rest][None] - s[q, rest][:, None]) / 0.1)
            G = G - torch.diag(torch.diag(G))
            mine = POSITIVE[q, rest]
            terms.append(1 - ((1 + G[mine][:, mine].sum(1)) / (1 + G[mine].sum(1))).mean())
    return torch.stack(terms).mean()


def proxy_anchor(x):
    s = torch.nn.functional.normalize(x) @ torch.nn.functional.normalize(torch.tensor(data["proxies"], dtype=DTYPE)).T
    near = (LABELS * torch.exp(-32 * (s - 0.1))).sum(0)
    far = ((1 - LABELS) * torch.exp(32 * (s + 0.1))).sum(0)
    return torch.log1p(near).sum() / (LABELS.sum(0) > 0).sum() + torch.log1p(far).mean()


HELPERS = ("pairs", "similarities", "log_softmax", "averages", "ranks", "quantisation")
LOGITS = ("asl", "ml_xent", "ml_xent_smooth", "xent")


def measured(name, loss):
    given = torch.tensor(data["logits" if name in LOGITS else "embeddings"], dtype=DTYPE)

    def once():
        x = given.clone().requires_grad_()
        begun = time.perf_counter()
        value = loss(x)
        value.backward()
        return time.perf_counter() - begun, value, x.grad

    if ROUNDS == 0:
        _, value, gradient = once()
        if FOLDER is not None:
            gradient.numpy().tofile(FOLDER / f"{name}.f64")
            return {"value": value.item()}
        return {"value": value.item(), "gradient": gradient.ravel().tolist()}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = time.perf_counter() + 0.5
    once()
    while time.perf_counter() < end:
        once()
    seconds = statistics.median(once()[0] for _ in range(ROUNDS))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"seconds": seconds, "memory": memory / 1024, "version": torch.__version__}


out = {}
for name, loss in list(globals().items()):
    if callable(loss) and getattr(loss, "__module__", "") == "__main__" and name not in (*HELPERS, "measured"):
        if NAME in (None, name):
            out[name] = measured(name, loss)
print(json.dumps(out))
