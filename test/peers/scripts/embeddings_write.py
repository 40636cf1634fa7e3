"""Writes embeddings in the formats of other programs; prints the values as JSON.  usage: embeddings_write.py FOLDER"""
import json, struct, sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

folder = Path(sys.argv[1])
rng = np.random.default_rng(3)
E = rng.standard_normal((7, 5)).astype(np.float16)
names = [f"Fläche {i}.tif" for i in range(7)]
np.save(folder / "half.npy", E)
np.save(folder / "single.npy", E.astype(np.float32))
np.save(folder / "double.npy", E.astype(np.float64))
np.save(folder / "int8.npy", (E * 20).astype(np.int8))
np.savez(folder / "plain.npz", embeddings=E, names=np.array(names))
np.savez_compressed(folder / "packed.npz", E=E)
save_file({"features": E}, folder / "half.safetensors")
np.save(folder / "labels.npy", np.eye(7, 3, dtype=bool))
point = [struct.pack("<BIdd", 1, 1, 10 + i, 50 - i) for i in range(7)]
table = pa.table({
    "id": names,
    "geometry": point,
    "date": pa.array(np.arange(7).astype("datetime64[D]")),
    "embedding": pa.array([list(map(float, row)) for row in E], pa.list_(pa.float32())),
    "labels": pa.array([["a"], ["b", "a"], [], ["b"], ["c"], [], ["a"]]),
})
geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}}}
pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), folder / "geo.parquet", compression="zstd", row_group_size=3)
fixed = pa.FixedSizeListArray.from_arrays(pa.array(E.astype(np.float64).ravel()), 5)
pq.write_table(pa.table({"vector": fixed, "name": names}), folder / "fixed.parquet")
pq.write_table(pa.table({"vector": pa.array([row for row in E], pa.list_(pa.float16())), "name": names}), folder / "half.parquet")
print(json.dumps({"values": E.astype(float).ravel().tolist(), "int8": (E * 20).astype(np.int8).ravel().tolist(), "names": names}))
