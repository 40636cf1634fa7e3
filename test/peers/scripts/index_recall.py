"""Recall of the ten nearest vectors: index_recall.py KIND VECTORS QUERIES DIM, for pq, binary (first 100) or itq (first 100)."""

import json
import sys

import numpy as np

kind, vectors, queries, dim = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
x, q = (np.fromfile(path, np.float32).reshape(-1, dim) for path in (vectors, queries))
distances = ((q[:, None, :] - x[None, :, :]) ** 2).sum(-1)
exact = np.argsort(distances, axis=1, kind="stable")[:, :10]


def nearest_bits(a, b):
    """Rows of b by Hamming distance, the first 100."""
    return np.argsort((a[:, None, :] != b[None, :, :]).sum(-1), axis=1, kind="stable")[:, :100]


def itq(v, iterations=50):
    """Gong and Lazebnik 2011, section 2.2."""
    r = np.linalg.svd(np.random.default_rng(0).standard_normal((v.shape[1], v.shape[1])))[0]
    for _ in range(iterations):
        b = np.where(v @ r >= 0, 1.0, -1.0)
        u, _, t = np.linalg.svd(b.T @ v)
        r = (u @ t).T
    return r


mean = x.mean(0)
if kind == "pq":
    import faiss

    index = faiss.IndexPQ(dim, 8, 8)
    index.train(x)
    index.add(x)
    found = index.search(q, 10)[1]
elif kind == "binary":
    import faiss

    index = faiss.IndexBinaryFlat(dim)
    index.add(np.packbits(x >= mean, axis=1, bitorder="little"))
    found = index.search(np.packbits(q >= mean, axis=1, bitorder="little"), 100)[1]
else:
    r = itq((x - mean).astype(np.float64))
    found = nearest_bits((q - mean) @ r >= 0, (x - mean) @ r >= 0)
print(json.dumps(float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, exact)]))))
