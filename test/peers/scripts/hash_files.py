"""Arguments: .npy and .tif files. Prints [dtype, shape, sha256 of the little-endian row-major bytes, min, max, mean] of each
array or band."""

import hashlib
import json
import sys
import warnings

import numpy
import rasterio

warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)


def facts(array):
    array = numpy.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    figures = [float(array.min()), float(array.max()), float(array.mean(dtype="float64"))]
    return [array.dtype.name, list(array.shape), hashlib.sha256(array.tobytes()).hexdigest(), *figures]


out = []
for path in sys.argv[1:]:
    if path.endswith(".npy"):
        out.append(facts(numpy.load(path)))
    else:
        with rasterio.open(path) as file:
            out.extend(facts(file.read(band)) for band in file.indexes)
print(json.dumps(out))
