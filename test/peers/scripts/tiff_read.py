"""Arguments: TIFF files. Prints [dtype, height, width, values] of the first band of each, as GDAL reads it."""

import json
import sys
import warnings

import rasterio

warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)
out = []
for path in sys.argv[1:]:
    with rasterio.open(path) as file:
        band = file.read(1)
    out.append([str(band.dtype), *band.shape, band.ravel().tolist()])
print(json.dumps(out))
