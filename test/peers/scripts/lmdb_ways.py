"""Writes small stores in each way that leaves its own traces in meta pages and lists of free pages; prints their keys."""

import json
import os
import signal
import sys

import lmdb

root = sys.argv[1]
SIZES = [0, 500, 2031, 4081, 9000]


def fill(path, transactions=40, **options):
    env = lmdb.open(path, **{"map_size": 1 << 28, **options})
    for i in range(transactions):
        with env.begin(write=True) as write:
            for j in range(3):
                key = b"p%03d" % ((i * 31 + j * 17) % 97)
                write.put(key, bytes(SIZES[(i + j) % len(SIZES)]))
            if i % 3 == 0:
                write.delete(b"p%03d" % (i * 7 % 97))
            if i % 10 == 9:
                write.abort()
    return env


def killed(path):
    """A writer dies in the middle of a transaction."""
    child = os.fork()
    if child == 0:
        write = fill(path).begin(write=True)
        for i in range(50):
            write.put(b"lost%d" % i, bytes(9000))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def grown(path):
    size = 1 << 16
    env = lmdb.open(path, map_size=size)
    i = 0
    while i < 100:
        try:
            with env.begin(write=True) as write:
                write.put(b"p%03d" % i, bytes(SIZES[i % len(SIZES)]))
            i += 1
        except lmdb.MapFullError:
            size *= 2
            env.set_mapsize(size)
    env.close()


def emptied(path):
    env = fill(path)
    with env.begin(write=True) as write:
        write.drop(env.open_db(txn=write), delete=False)
    with env.begin(write=True) as write:
        write.put(b"again", bytes(100))
    env.close()


def copied(path, compact):
    os.makedirs(path)
    fill(path + "-source").copy(path, compact=compact)


ways = {
    "many": lambda path: fill(path).close(),
    "unsynced": lambda path: fill(path, sync=False).close(),
    "meta-unsynced": lambda path: fill(path, metasync=False).close(),
    "mapped": lambda path: fill(path, writemap=True, map_async=True).close(),
    "killed": killed,
    "grown": grown,
    "emptied": emptied,
    "copied": lambda path: copied(path, False),
    "compacted": lambda path: copied(path, True),
}
os.makedirs(root)
found = {}
for name, write in ways.items():
    path = os.path.join(root, name)
    write(path)
    with lmdb.open(path, readonly=True, lock=False) as env, env.begin() as reading:
        found[name] = [bytes(key).decode() for key in reading.cursor().iternext(values=False)]
print(json.dumps(found))
