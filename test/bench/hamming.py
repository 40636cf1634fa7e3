"""faiss's exact searches of codes and of vectors: seconds per query and MiB, as JSON on the last line.

hamming.py ROWS BITS THREADS QUERIES
"""

import json
import resource
import statistics
import sys
import time

import faiss
import numpy as np

rows, bits, threads, queries = map(int, sys.argv[1:])
faiss.omp_set_num_threads(threads)
generator = np.random.default_rng(1)
# Vectors of the same number of values take 32 times as much: a part of the rows is enough to know the time per row.
part = min(rows, 40_000)


def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds(index, asked):
    def once():
        begun = time.perf_counter()
        index.search(asked, 10)
        return (time.perf_counter() - begun) / len(asked)

    once()
    return statistics.median(once() for _ in range(7))


before = resident()
codes = faiss.IndexBinaryFlat(bits)
for start in range(0, rows, 10_000):
    codes.add(generator.integers(0, 256, (min(10_000, rows - start), bits // 8), dtype=np.uint8))
memory = resident() - before
asked = generator.integers(0, 256, (queries, bits // 8), dtype=np.uint8)
found = {"version": faiss.__version__, "memory": memory}
found |= {"one": seconds(codes, asked[:1].copy()), "many": seconds(codes, asked)}
vectors = faiss.IndexFlatIP(bits)
vectors.add(generator.standard_normal((part, bits), dtype=np.float32))
found["vectors"] = seconds(vectors, generator.standard_normal((1, bits), dtype=np.float32)) * rows / part
print(json.dumps(found))
