"""Writes Parquet files with images, and prints what they hold.

Arguments: the file, and its form:
- datasets: as Hugging Face's `datasets` writes them; a column of mappings, lists of class numbers, names of classes in the
  metadata, row groups of two rows; a damaged image and an image without bytes;
- paged: the same of 40 sound images in one row group, with a page index and small pages;
- plain: a column of bytes, names of classes, names of images, a split.
"""
import datetime
import io
import json
import sys

import numpy
import pyarrow
import pyarrow.parquet
from PIL import Image

path, form = sys.argv[1], sys.argv[2]
CLASSES = ["forest", "water", "town"]


def colours(i):
    return numpy.random.default_rng(i).integers(0, 256, (5, 4, 3), dtype=numpy.uint8)


def png(i):
    file = io.BytesIO()
    Image.fromarray(colours(i)).save(file, "PNG")
    return file.getvalue()


count = 40 if form == "paged" else 6
labels = [[i % 3] if i % 2 else sorted({i % 3, 2}) for i in range(count)]
dates = [datetime.date(2017, 6, 1) + datetime.timedelta(days=i) for i in range(count)]
facts = {
    "date": pyarrow.array(dates),
    "lat": pyarrow.array([47 + i / 8 for i in range(count)]),
    "country": pyarrow.array(["Austria", None] * (count // 2)),
}
if form == "plain":
    columns = {
        "image": pyarrow.array([png(i) for i in range(count)], pyarrow.binary()),
        "label": pyarrow.array([CLASSES[i % 3] for i in range(count)]),
        "name": pyarrow.array([f"tile {i}" for i in range(count)]),
        "split": pyarrow.array((["train", "validation", "test"] * 2)[:count]),
        **facts,
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")
    labels = [[i % 3] for i in range(count)]
else:
    images = [{"bytes": png(i), "path": f"image_{i}.png"} for i in range(count)]
    if form == "datasets":
        images[3]["bytes"] = images[3]["bytes"][:60]
        images[4]["bytes"] = None
        labels[5] = []
    info = {
        "info": {
            "features": {
                "image": {"_type": "Image"},
                "labels": {"feature": {"names": CLASSES, "_type": "ClassLabel"}, "_type": "List"},
                "season": {"names": ["summer", "winter"], "_type": "ClassLabel"},
            }
        }
    }
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    table = pyarrow.table({
        "image": pyarrow.array(images, kind),
        "labels": pyarrow.array(labels, pyarrow.list_(pyarrow.int64())),
        "season": pyarrow.array([i % 2 for i in range(count)], pyarrow.int64()),
        **facts,
    }).replace_schema_metadata({"huggingface": json.dumps(info)})
    paged = {"write_page_index": True, "data_page_size": 1000, "write_batch_size": 1}
    pyarrow.parquet.write_table(table, path, row_group_size=2 if form == "datasets" else count, **(paged if form == "paged" else {}))
print(json.dumps({
    "labels": [[CLASSES[label] for label in one] for one in labels],
    "dates": [str(date) for date in dates],
    "pixels": [colours(i).tolist() for i in range(count)],
    "groups": pyarrow.parquet.ParquetFile(path).num_row_groups,
}))
