"""Arguments: a folder. Prints { key: [size, distinct bytes of the value] } as Python's lmdb reads it."""

import json
import sys

import lmdb

env = lmdb.open(sys.argv[1], readonly=True, lock=False)
with env.begin() as transaction:
    print(json.dumps({key.decode(): [len(value), sorted(set(value))] for key, value in transaction.cursor()}))
