"""Makes the small networks of test/ops/onnx/files, and what ONNX Runtime makes of the images in images.json.

usage: onnx_files.py FOLDER. It needs onnx, onnxruntime and numpy; files are equal from one run to the next.
"""
import json, sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T, helper as h, numpy_helper as nh
from onnxruntime.quantization import QuantType, quantize_dynamic

folder = Path(sys.argv[1])
rng = np.random.default_rng(5)
EDGE, BANDS = 8, 3


def weight(name, *shape, dtype=np.float32):
    return nh.from_array(rng.standard_normal(shape).astype(dtype), name)


def whole(name, *values):
    return nh.from_array(np.array(values, np.int64), name)


def save(name, nodes, inputs, outputs, weights, props=None):
    graph = h.make_graph(nodes, name, inputs, outputs, weights)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8, producer_name="orbitrank tests")
    if props:
        h.set_model_props(model, {"orbitrank": json.dumps(props)})
    onnx.checker.check_model(model)
    onnx.save(model, folder / f"{name}.onnx")
    return model


def value(name, kind, *shape):
    return h.make_tensor_value_info(name, kind, list(shape))


conv = h.make_node("Conv", ["x", "k"], ["c"], strides=[4, 4])
relu = h.make_node("Relu", ["c"], ["r"])
pool = [h.make_node("GlobalAveragePool", ["r"], ["p"]), h.make_node("Flatten", ["p"], ["y"])]
k3 = weight("k", 5, BANDS, 4, 4)
save("vectors", [conv, relu, *pool], [value("x", T.FLOAT, "n", 3, "h", "w")], [value("y", T.FLOAT, "n", 5)], [k3],
     {"bands": ["Red", "Green", "Blue"], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})
save("map", [conv, relu], [value("x", T.FLOAT, "n", 3, "h", "w")], [value("r", T.FLOAT, "n", 5, "a", "b")], [k3])

k16 = nh.from_array(nh.to_array(k3).astype(np.float16), "k")
save("half", [conv, relu, *pool], [value("x", T.FLOAT16, 2, 3, EDGE, EDGE)], [value("y", T.FLOAT16, 2, 5)], [k16])

save("bytes", [h.make_node("Cast", ["i"], ["f"], to=T.FLOAT), h.make_node("Transpose", ["f"], ["x"], perm=[0, 3, 1, 2]),
               conv, relu, *pool],
     [value("i", T.UINT8, "n", EDGE, EDGE, 3)], [value("y", T.FLOAT, "n", 5)], [k3])

tokens = [conv, h.make_node("Reshape", ["c", "s"], ["f"]), h.make_node("Transpose", ["f"], ["t"], perm=[0, 2, 1]),
          h.make_node("ReduceMean", ["t"], ["cls"], axes=[1], keepdims=1), h.make_node("Concat", ["cls", "t"], ["hidden"], axis=1),
          h.make_node("Squeeze", ["cls", "one"], ["q"]), h.make_node("Tanh", ["q"], ["pooled"])]
save("tokens", tokens, [value("x", T.FLOAT, "n", 3, EDGE, EDGE)],
     [value("hidden", T.FLOAT, "n", 5, 5), value("pooled", T.FLOAT, "n", 5)], [k3, whole("s", 0, 5, 4), whole("one", 1)])

save("time", [h.make_node("Squeeze", ["v", "two"], ["x"]), conv, relu, *pool],
     [value("v", T.FLOAT, "n", 3, 1, "h", "w")], [value("y", T.FLOAT, "n", 5)], [k3, whole("two", 2)])

save("two", [h.make_node("Mul", ["x", "scale"], ["y"])], [value("x", T.FLOAT, "n", 3, 8, 8), value("scale", T.FLOAT, 1)],
     [value("y", T.FLOAT, "n", 3, 8, 8)], [])

m = weight("m", 5, 4)
save("plain", [conv, relu, *pool, h.make_node("MatMul", ["y", "m"], ["z"])], [value("x", T.FLOAT, "n", 3, "h", "w")],
     [value("z", T.FLOAT, "n", 4)], [k3, m])
quantize_dynamic(folder / "plain.onnx", folder / "int8.onnx", weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])
(folder / "plain.onnx").unlink()

external = onnx.load(folder / "map.onnx")
onnx.save(external, folder / "external.onnx", save_as_external_data=True, location="external.bin", size_threshold=0)

images = np.round(rng.random((3, EDGE, EDGE, BANDS)) * 255).astype(np.float32)
nchw = images.transpose(0, 3, 1, 2)


def run(name, x, output=0):
    session = ort.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
    feed = session.get_inputs()[0].name
    return session.run(None, {feed: x})[output]


def unit(v):
    v = v.reshape(len(v), -1).astype(np.float64)
    return (v / np.linalg.norm(v, axis=1, keepdims=True)).tolist()


mean, std = (np.array(v, np.float32)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
f16 = (nchw / 255).astype(np.float16)
hidden = run("tokens", nchw)
json.dump({
    "images": images.reshape(3, -1).astype(int).tolist(),
    "vectors": unit(run("vectors", (nchw / 255 - mean) / std)),
    "map": unit(run("map", nchw / 255).mean((2, 3))),
    "half": unit(np.concatenate([run("half", f16[:2]), run("half", f16[[2, 2]])[:1]])),
    "bytes": unit(run("bytes", images.astype(np.uint8))),
    "cls": unit(hidden[:, 0]),
    "mean": unit(hidden[:, 1:].mean(1)),
    "pooled": unit(run("tokens", nchw, 1)),
    "time": unit(run("time", nchw[:, :, None] / 255)),
    "int8": unit(run("int8", nchw / 255)),
}, open(folder / "expected.json", "w"), indent=None)
print(json.dumps(sorted(p.name for p in folder.iterdir())))
