"""Reads embeddings that `save` wrote; prints their values, names and labels as JSON.  usage: embeddings_read.py FOLDER"""
import json, sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from safetensors import safe_open

folder = Path(sys.argv[1])
npz = np.load(folder / "e.npz")
table = pq.read_table(folder / "e.parquet").to_pydict()
with safe_open(folder / "e.safetensors", "np") as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    classes = json.loads(file.metadata()["classes"])
print(json.dumps({
    "npy": np.load(folder / "e.npy").astype(float).tolist(),
    "npz": {key: npz[key].tolist() for key in npz.files},
    "parquet": table,
    "safetensors": {"embeddings": tensors["embeddings"].tolist(), "labels": tensors["labels"].tolist(), "classes": classes},
}))
