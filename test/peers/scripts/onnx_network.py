"""Checks an ONNX file with onnx.checker, runs it with ONNX Runtime, and prints the largest error of each output.

Arguments: the file, the shape of the images as JSON, and a folder with images.f32 and NAME.f32 for each output.
"""
import json
import sys

import numpy
import onnx
import onnxruntime

path, shape, folder = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
onnx.checker.check_model(path, full_check=True)
model = onnx.load(path)
read = lambda name: numpy.fromfile(f"{folder}/{name}.f32", dtype="<f4")
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
images = read("images").reshape(shape)
errors = {}
for name in [output.name for output in session.get_outputs()]:
    got = session.run([name], {"images": images})[0]
    expected = read(name).reshape(got.shape)
    errors[name] = float(numpy.abs(got - expected).max() / max(1e-30, numpy.abs(expected).max()))
one = session.run(["embeddings"], {"images": images[:1]})[0]
print(json.dumps({
    "errors": errors,
    "alone": list(one.shape),
    "opset": [entry.version for entry in model.opset_import],
    "types": sorted({node.op_type for node in model.graph.node}),
    "metadata": {entry.key: entry.value for entry in model.metadata_props},
}))
