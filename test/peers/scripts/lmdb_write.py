"""Arguments: a folder, and JSON { entries: [[key, size]], deleted: [key] }. Writes a store of data version 1, ten entries a
transaction, values of one repeated byte (the sum of the key's bytes), then deletes some."""

import json
import sys

import lmdb

path, spec = sys.argv[1], json.loads(sys.argv[2])
env = lmdb.open(path, map_size=1 << 30)
entries = spec["entries"]
for begin in range(0, len(entries), 10):
    with env.begin(write=True) as transaction:
        for name, size in entries[begin : begin + 10]:
            key = name.encode()
            transaction.put(key, bytes([sum(key) % 256]) * size)
for name in spec["deleted"]:
    with env.begin(write=True) as transaction:
        transaction.delete(name.encode())
env.close()
print("null")
