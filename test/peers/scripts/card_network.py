"""Runs the Python of a model card, and prints how far its network is from the numbers of this program.

Arguments: the folder of README.md and the weights, the shape of the images as JSON, the folder of images.f32 and NAME.f32.
"""
import json
import os
import re
import sys

import numpy

folder, shape, numbers = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
os.chdir(folder)
card = open("README.md").read()
[code] = re.findall(r"```python\n(.*?)```", card, re.S)
names = {}
exec(code, names)
torch, network = names["torch"], names["network"]
read = lambda name: numpy.fromfile(f"{numbers}/{name}.f32", dtype="<f4")
with torch.no_grad():
    logits = network(torch.from_numpy(read("images").reshape(shape))).numpy()
expected = read("logits").reshape(logits.shape)
print(json.dumps({"error": float(numpy.abs(logits - expected).max() / numpy.abs(expected).max())}))
