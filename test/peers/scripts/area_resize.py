"""Arguments: a .npy file uint8 [h, w, 3], then pairs of rows and columns. Prints the values of each resize by
OpenCV's INTER_AREA, row by row."""

import json
import sys

import cv2
import numpy

image = numpy.load(sys.argv[1])
sizes = [int(size) for size in sys.argv[2:]]
out = []
for rows, columns in zip(sizes[::2], sizes[1::2]):
    out.append(cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA).ravel().tolist())
print(json.dumps(out))
