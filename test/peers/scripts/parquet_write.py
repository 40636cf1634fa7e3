"""Arguments: a file, a compression, and JSON { column: values }. Writes them as parquet by pyarrow, three rows a group."""

import json
import sys

import pyarrow
import pyarrow.parquet

path, compression, columns = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
pyarrow.parquet.write_table(pyarrow.table(columns), path, compression=compression, row_group_size=3)
print("null")
