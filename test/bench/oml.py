"""The Ordered Multi-label Loss in plain PyTorch, value and gradient at once: seconds and MiB, as JSON on the last line.

oml.py BATCH WIDTH CLASSES THREADS ROUNDS
"""

import json
import resource
import statistics
import sys
import time

import torch

batch, width, classes, threads, rounds = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(1)
embeddings = torch.randn(batch, width, requires_grad=True)
labels = torch.rand(batch, classes) < 0.16


def ranks(similarities):
    """R(q, a) = 1 + sum over b != a of G(S_qb - S_qa), all comparisons at once."""
    differences = similarities[:, None, :] - similarities[:, :, None]
    greater = torch.sigmoid(torch.clamp(differences / 0.01, -50, 50))
    others = 1 - torch.eye(similarities.shape[0])
    return 1 + (greater * others).sum(-1)


def loss():
    unit = torch.nn.functional.normalize(embeddings)
    similarities = unit @ unit.T
    everywhere = ranks(similarities)
    parts = []
    for c in range(classes):
        members = labels[:, c].nonzero()[:, 0]
        if len(members) < 2:
            continue
        block = (members[:, None], members)
        parts.append(1 - (ranks(similarities[block]) / everywhere[block]).sum() / len(members) / batch)
    return torch.stack(parts).mean()


def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def once():
    embeddings.grad = None
    begun = time.perf_counter()
    loss().backward()
    return time.perf_counter() - begun


before = resident()
once()
seconds = statistics.median(once() for _ in range(rounds))
print(json.dumps({"version": torch.__version__, "seconds": seconds, "memory": resident() - before}))
