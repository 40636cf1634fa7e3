"""What other programs read in a second, as the last line's JSON.

readers.py lmdb STORE        values of an LMDB store of data version 1, by Python's lmdb, in a drawn order
readers.py make STORE N      makes such a store: N patches of 12 bands, by Python's lmdb and safetensors
readers.py gdal ARCHIVE      patches of 12 GeoTIFFs, by GDAL, in the order of their names
"""

import json
import os
import random
import sys
import time


def seconds(job, rounds=3):
    """The shortest of some rounds, after one that warms up."""
    job()
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        job()
        best = min(best, time.perf_counter() - begun)
    return best


def keys_of(store):
    import lmdb

    environment = lmdb.open(store, readonly=True, lock=False)
    with environment.begin() as transaction:
        keys = [key for key, _ in transaction.cursor()]
    random.Random(1).shuffle(keys)
    return environment, keys


def read_lmdb(store):
    import lmdb

    environment, keys = keys_of(store)

    def job():
        with environment.begin() as transaction:
            return sum(len(transaction.get(key)) for key in keys)

    return {"version": lmdb.__version__, "each": seconds(job) / len(keys)}


def make_lmdb(store, count):
    import lmdb
    import numpy
    from safetensors.numpy import save

    random_numbers = numpy.random.default_rng(1)
    sizes = {120: ["B02", "B03", "B04", "B08"], 60: ["B05", "B06", "B07", "B8A", "B11", "B12"], 20: ["B01", "B09"]}
    bands = {
        name: random_numbers.integers(0, 10000, (size, size), dtype=numpy.uint16)
        for size, names in sizes.items()
        for name in names
    }
    environment = lmdb.open(store, map_size=1 << 40)
    with environment.begin(write=True) as transaction:
        for i in range(count):
            bands["B02"][0, 0] = i
            transaction.put(f"S2A_MSIL2A_20170613T101031_{i // 91:02d}_{i % 91:02d}".encode(), save(bands))
    environment.close()
    return {"version": lmdb.__version__}


def read_gdal(archive):
    from osgeo import gdal

    gdal.UseExceptions()
    folders = sorted(entry.path for entry in os.scandir(archive) if entry.is_dir())
    patches = [sorted(f.path for f in os.scandir(folder) if f.name.endswith(".tif")) for folder in folders]

    def job():
        return sum(gdal.Open(path).ReadAsArray().size for patch in patches for path in patch)

    return {"version": gdal.__version__, "each": seconds(job) / len(patches)}


what, path, *rest = sys.argv[1:]
jobs = {"lmdb": read_lmdb, "gdal": read_gdal, "make": lambda store: make_lmdb(store, int(rest[0]))}
print(json.dumps(jobs[what](path)))
