"""Arguments: a folder. Writes TIFF files into it in the ways that GDAL has, and prints [path, [SHA-256 of each band]] of each.

Hashes are of the little-endian, row-major bytes, as numpy has what was written.
"""

import hashlib
import itertools
import json
import os
import sys
import warnings

import numpy
import rasterio

warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)
folder = sys.argv[1]
numbers = numpy.random.default_rng(1)
ROWS, COLUMNS = 41, 53


def bands(dtype, count):
    """Smooth values with noise, over the whole range of the type."""
    values = numpy.cumsum(numbers.integers(-3, 4, (count, ROWS, COLUMNS)), axis=2)
    if numpy.issubdtype(dtype, numpy.integer):
        return (values * (numpy.iinfo(dtype).max // 200)).astype(dtype)
    values = values.astype(dtype) / 7
    values[0, 0, 0] = numpy.nan
    return values


LAYOUTS = [{"tiled": True, "blockxsize": 16, "blockysize": 16}, {"blockysize": 7}]
WAYS = itertools.product(
    ["uint8", "uint16", "int16", "uint32", "int32", "float32", "float64"],
    ["NONE", "LZW", "DEFLATE", "PACKBITS", "ZSTD"],
    ["LITTLE", "BIG"],
    LAYOUTS,
    [("PIXEL", 3), ("BAND", 3), ("PIXEL", 1)],
    ["NO", "YES"],
)
out = []
for i, (dtype, compress, order, layout, (interleave, count), big) in enumerate(WAYS):
    # Each way of packing with each predictor in turn; floating-point values have one more.
    predictor = 1 + i % (3 if dtype.startswith("float") else 2)
    packs = {} if compress in ("NONE", "PACKBITS") else {"predictor": predictor}
    path = os.path.join(folder, f"{i}.tif")
    data = bands(dtype, count)
    profile = {"driver": "GTiff", "width": COLUMNS, "height": ROWS, "count": count, "dtype": dtype}
    options = {"compress": compress, "ENDIANNESS": order, "interleave": interleave, "BIGTIFF": big}
    with rasterio.open(path, "w", **profile, **options, **layout, **packs) as file:
        file.write(data)
    out.append([path, [hashlib.sha256(band.tobytes()).hexdigest() for band in data]])
print(json.dumps(out))
