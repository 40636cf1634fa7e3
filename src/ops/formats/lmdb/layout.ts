/**
 * The layout of an LMDB data file, in both versions that exist: the C library, Python's `lmdb` and rico-hdl write data
 * version 1, the npm package writes version 2. It follows the structures of LMDB's `mdb.c`. All numbers are little-endian;
 * page numbers and counts have 64 bits.
 *
 * A file is a row of pages. Pages 0 and 1 are meta pages, of which the one with the higher transaction is valid. It names
 * the roots of two B+ trees: the values, and the lists of free pages.
 *
 *   page header   0 page number 8; version 2 has the transaction 8 here; then, before the header's end:
 *                 -8 padding 2, -6 kind 2, -4 lower 2, -2 upper 2 (an overflow page: -4 number of its pages 4)
 *   meta          0 magic 4, 4 version 4, 8 address 8, 16 map size 8, 24 tree of free pages 48, 72 tree of values 48,
 *                 120 last page in use 8, 128 transaction 8
 *   tree          0 padding 4 (of the first tree: the page size), 4 flags 2, 6 depth 2, 8 branch pages 8, 16 leaf pages 8,
 *                 24 overflow pages 8, 32 entries 8, 40 root 8 (all ones: empty)
 */
import { fstatSync, readSync } from "node:fs"
import { StoreError } from "../data-error.ts"
import { unreadOptions } from "./unread.ts"

export interface Layout {
  readonly version: 1 | 2
  /** Bytes of a page's header. */
  readonly header: number
  /** The byte that offsets of nodes count from. */
  readonly base: number
  /** Bytes of a leaf's reference to an overflow page. */
  readonly reference: number
}

const VERSION_1: Layout = { version: 1, header: 16, base: 0, reference: 8 }
const VERSION_2: Layout = { version: 2, header: 24, base: 24, reference: 24 }

const MAGIC = 0xbeefc0de
const META_BYTES = 136
/** The kind of a meta page. */
const META = 8

export interface Tree {
  readonly flags: number
  readonly depth: number
  readonly branchPages: number
  readonly leafPages: number
  readonly overflowPages: number
  readonly entries: number
  /** The page of the root; `undefined` if the tree is empty. */
  readonly root: number | undefined
}

export interface Meta {
  readonly layout: Layout
  readonly pageSize: number
  readonly lastPage: number
  readonly transaction: number
  readonly free: Tree
  readonly values: Tree
}

/** An open data file, and the snapshot of it that is read. */
export interface DataFile extends Meta {
  /** The store's folder, for messages. */
  readonly path: string
  readonly fd: number
}

const REMEDIES = {
  1: "Get it again, or make it again with the program that wrote it",
  2: "Move its folder away and run the pipeline that stores patches again, or store into another folder"
} as const

/** The error of a damaged store. */
export const damaged = (path: string, { version }: Layout, problem: string): StoreError =>
  new StoreError({ subject: path, problem: `is damaged: ${problem}`, remedy: REMEDIES[version] })

/** Reads an unsigned number of 64 bits. Beyond 2^53 it is not exact, but no page number is that large. */
export const u64 = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32

/** Reads up to `into.length` bytes, and returns how many there were. */
export const readAt = (fd: number, into: Uint8Array, at: number): number => {
  let done = 0
  while (done < into.length) {
    const read = readSync(fd, into, done, into.length - done, at + done)
    if (read === 0) break
    done += read
  }
  return done
}

const treeAt = (bytes: Buffer, at: number): Tree => {
  const empty = bytes.readBigUInt64LE(at + 40) === 0xffff_ffff_ffff_ffffn
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: u64(bytes, at + 8),
    leafPages: u64(bytes, at + 16),
    overflowPages: u64(bytes, at + 24),
    entries: u64(bytes, at + 32),
    root: empty ? undefined : u64(bytes, at + 40)
  }
}

/** Reads the meta page that begins at byte `from`; `undefined` if there is no meta page of this layout. */
const metaAt = (fd: number, layout: Layout, from: number): Meta | undefined => {
  const page = Buffer.alloc(layout.header + META_BYTES)
  if (readAt(fd, page, from) < page.length || page.readUInt16LE(layout.header - 6) !== META) return undefined
  const bytes = page.subarray(layout.header)
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(4) !== layout.version) return undefined
  return {
    layout,
    pageSize: bytes.readUInt32LE(24),
    lastPage: u64(bytes, 120),
    transaction: u64(bytes, 128),
    free: treeAt(bytes, 24),
    values: treeAt(bytes, 72)
  }
}

/** Whether an open file begins with the mark of LMDB, in any version. */
export const beginsAsStore = (fd: number): boolean => {
  const start = Buffer.alloc(META_BYTES)
  const length = readAt(fd, start, 0)
  return [VERSION_1, VERSION_2].some(({ header }) => length >= header + 8 && start.readUInt32LE(header) === MAGIC)
}

/** The error of a file that is not a store of a known version. */
const foreign = (fd: number, path: string): StoreError => {
  const start = Buffer.alloc(META_BYTES)
  const length = readAt(fd, start, 0)
  for (const { header } of [VERSION_1, VERSION_2]) {
    if (length < header + 8 || start.readUInt32LE(header) !== MAGIC) continue
    const version = start.readUInt32LE(header + 4)
    return new StoreError({
      subject: path,
      problem: `was made by another LMDB (data version ${version}; versions 1 and 2 are read)`,
      remedy: "Store the patches again with a present program"
    })
  }
  return new StoreError({
    subject: path,
    problem: "is not an LMDB store, or is damaged",
    remedy: "Give a store, or choose another folder if one is to be written"
  })
}

/** Both meta pages of a file: the valid snapshot, and the one before it. */
export interface Metas {
  readonly newest: Meta
  readonly other: Meta
}

/**
 * Whether two meta pages are of consecutive transactions. Transaction N writes meta page N % 2; the first transaction is 1.
 */
const areConsecutive = (first: Meta, second: Meta): boolean => {
  const newest = Math.max(first.transaction, second.transaction)
  // Beyond 2^53, a number and its predecessor cannot be told apart.
  if (!Number.isSafeInteger(newest)) return false
  if (newest === 0) return first.values.root === undefined && second.values.root === undefined
  return newest - 1 === (newest % 2 === 0 ? second : first).transaction
}

/**
 * Reads the meta pages of a data file.
 *
 * @param path the store's folder, for messages
 * @throws StoreError if the file is not a store, or its meta pages are damaged or name pages beyond its end
 */
export const readMetas = (fd: number, path: string): Metas => {
  const first = metaAt(fd, VERSION_2, 0) ?? metaAt(fd, VERSION_1, 0)
  if (first === undefined) throw foreign(fd, path)
  const { layout, pageSize } = first
  const refuse = (problem: string) => damaged(path, layout, problem)
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) {
    throw refuse(`it claims pages of ${pageSize} bytes`)
  }
  const unread = unreadOptions(path, layout.version, first.free.flags, first.values.flags)
  if (unread !== undefined) throw unread
  const second = metaAt(fd, layout, pageSize)
  if (second?.pageSize !== pageSize) throw refuse("its second meta page cannot be read")
  if (!areConsecutive(first, second)) {
    throw refuse(`its meta pages are of transactions ${first.transaction} and ${second.transaction}`)
  }
  const [newest, other] = second.transaction > first.transaction ? [second, first] : [first, second]
  const needed = (newest.lastPage + 1) * pageSize
  const { size } = fstatSync(fd)
  // The map size is no bound, because rico-hdl reserves 100 TiB. Reading a mapped page beyond the end would kill the process.
  if (needed > size) {
    throw new StoreError({
      subject: path,
      problem: `is cut short: ${size} bytes of ${needed}`,
      remedy: REMEDIES[layout.version]
    })
  }
  return { newest, other }
}

/** Reads the valid snapshot of a data file; see `readMetas`. */
export const readMeta = (fd: number, path: string): Meta => readMetas(fd, path).newest
