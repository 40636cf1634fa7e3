/**
 * Looks at a store's file before the LMDB binding does. The binding reads data version 2 only, and a file of version 1,
 * damaged or foreign kills the process instead of raising an error.
 *
 * The file begins with two meta pages (LMDB's `mdb.c`, `MDB_meta`), each behind a page header whose size differs by
 * version, so that the magic number stands at byte 16 in version 1 and at byte 24 in version 2. Offsets from the magic
 * number: 4 version, 24 page size, 120 last page in use, 128 transaction.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { StoreError } from "../errors.ts"

const MAGIC = 0xbeefc0de
const HEADER_1 = 16
const HEADER_2 = 24
const META_BYTES = HEADER_2 + 136

const AGAIN = "Delete it and run the pipeline that stores patches again"

const refuse = (path: string, problem: string, remedy = AGAIN): StoreError =>
  new StoreError({ subject: path, problem, remedy })

interface Meta {
  readonly pageSize: number
  readonly lastPage: bigint
  readonly transaction: bigint
}

/** The meta page at byte `at`; `undefined` where there is none. */
const readMeta = (fd: number, at: number): Meta | undefined => {
  const page = Buffer.alloc(META_BYTES)
  if (readSync(fd, page, 0, META_BYTES, at) < META_BYTES) return undefined
  if (page.readUInt32LE(HEADER_2) !== MAGIC || page.readUInt32LE(HEADER_2 + 4) !== 2) return undefined
  return {
    pageSize: page.readUInt32LE(HEADER_2 + 24),
    lastPage: page.readBigUInt64LE(HEADER_2 + 120),
    transaction: page.readBigUInt64LE(HEADER_2 + 128)
  }
}

/** Says what a file is that version 2's meta page is not in. */
const foreign = (fd: number, path: string): StoreError => {
  const start = Buffer.alloc(HEADER_2)
  const length = readSync(fd, start, 0, HEADER_2, 0)
  if (length === HEADER_2 && start.readUInt32LE(HEADER_1) === MAGIC) {
    const version = start.readUInt32LE(HEADER_1 + 4)
    return refuse(path, `was made by another LMDB (data version ${version}; this one reads version 2)`)
  }
  return refuse(path, "is not an LMDB store, or is damaged")
}

const checkFile = (fd: number, path: string): void => {
  const first = readMeta(fd, 0)
  if (first === undefined) throw foreign(fd, path)
  const { pageSize } = first
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) {
    throw refuse(path, `is damaged: it says that its pages have ${pageSize} bytes`)
  }
  const second = readMeta(fd, pageSize)
  if (second === undefined || second.pageSize !== pageSize) {
    throw refuse(path, "is damaged: its second meta page cannot be read")
  }
  const { lastPage } = second.transaction > first.transaction ? second : first
  const needed = (lastPage + 1n) * BigInt(pageSize)
  const size = fstatSync(fd).size
  // Reading a mapped page behind the end of the file kills the process.
  if (needed > BigInt(size)) throw refuse(path, `is cut short: ${size} bytes of ${needed}`)
}

/**
 * Checks that the LMDB binding may open a store.
 *
 * @param path the store's folder
 * @returns false where there is no store yet
 * @throws StoreError where something else stands there, or a store of another version, or a damaged one
 */
export const isStore = (path: string): boolean => {
  if (!existsSync(path)) return false
  if (!statSync(path).isDirectory())
    throw refuse(path, "is a file; a store is a folder", "Choose another name for the store")
  const file = join(path, "data.mdb")
  if (!existsSync(file)) return false
  const fd = openSync(file, "r")
  try {
    // The binding makes the file before it writes to it: so a kill may leave it.
    if (fstatSync(fd).size === 0) return false
    checkFile(fd, path)
    return true
  } finally {
    closeSync(fd)
  }
}
