"""Arguments: a parquet file. Prints { column: values } as pyarrow reads it."""

import json
import sys

import pyarrow.parquet

print(json.dumps(pyarrow.parquet.read_table(sys.argv[1]).to_pydict()))
