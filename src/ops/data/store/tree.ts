/** The trees of an LMDB data file: walked in the order of their keys, checked as a whole, searched. */
import { type DataFile, damaged, readAt, type Tree, u64 } from "./layout.ts"
import { checkOverflow, childOf, keyOf, overflowPages, type Page, type Place, placeOf, readPage } from "./page.ts"
import { unreadTree } from "./unread.ts"

/** LMDB's own limit. */
const MAX_DEPTH = 32
/** Flags of a tree that would order keys otherwise, or hold several values of a key. */
const PLAIN_FLAGS = 0
/** Keys of the tree of free pages are whole numbers. */
const WHOLE_NUMBERS = 0x8
/** What else that tree's flags tell: made without a folder of its own, not yet synced, measured. */
const FREE_FLAGS = WHOLE_NUMBERS | 0x4000 | 0x1000 | 0x400

export interface Entry {
  readonly key: Buffer
  readonly place: Place
}

type Order = (a: Buffer, b: Buffer) => number

const byNumber = (a: Buffer, b: Buffer): number => u64(a, 0) - u64(b, 0)

/** How a tree's keys are ordered; refuses trees that patches are not kept in. */
const orderOf = (file: DataFile, tree: Tree, free: boolean): Order => {
  if (free) return byNumber
  if (tree.flags === PLAIN_FLAGS) return Buffer.compare
  const problem = `its keys are of another kind than patches' (flags ${tree.flags})`
  throw unreadTree(file.path, tree.flags) ?? damaged(file.path, file.layout, problem)
}

interface Walk {
  readonly file: DataFile
  readonly tree: Tree
  readonly order: Order
  /** Told of every page, `count` of them from `number`. */
  readonly use: (number: number, count: number) => void
  branches: number
  leaves: number
  entries: number
  overflow: number
}

const checkKeys = ({ file, order }: Walk, page: Page, from: Buffer | undefined, to: Buffer | undefined): void => {
  const refuse = () => damaged(file.path, file.layout, `page ${page.number} has its keys out of order`)
  // A branch's first key counts as lower than all, whatever it is.
  let before = page.leaf ? undefined : from
  for (let i = page.leaf ? 0 : 1; i < page.nodes.length; i++) {
    const key = keyOf(page, i)
    if (before !== undefined && order(before, key) >= 0) throw refuse()
    if (i === 0 && from !== undefined && order(from, key) > 0) throw refuse()
    before = key
  }
  if (before !== undefined && to !== undefined && order(before, to) >= 0) throw refuse()
}

function* leafEntries(walk: Walk, page: Page): Generator<Entry> {
  const { file } = walk
  for (let i = 0; i < page.nodes.length; i++) {
    const place = placeOf(file, page, i)
    if (place.overflow !== undefined) {
      const count = overflowPages(file, place.size)
      walk.use(place.overflow, count)
      walk.overflow += count
    }
    walk.entries++
    yield { key: keyOf(page, i), place }
  }
}

function* under(
  walk: Walk,
  number: number,
  depth: number,
  from: Buffer | undefined,
  to: Buffer | undefined
): Generator<Entry> {
  const { file, tree } = walk
  walk.use(number, 1)
  const page = readPage(file, number)
  if (page.leaf !== (depth === tree.depth)) {
    throw damaged(file.path, file.layout, `page ${number} stands at depth ${depth} of ${tree.depth}`)
  }
  checkKeys(walk, page, from, to)
  if (page.leaf) {
    walk.leaves++
    return yield* leafEntries(walk, page)
  }
  walk.branches++
  for (let i = 0; i < page.nodes.length; i++) {
    const lowest = i === 0 ? from : keyOf(page, i)
    const highest = i + 1 < page.nodes.length ? keyOf(page, i + 1) : to
    yield* under(walk, childOf(page, i), depth + 1, lowest, highest)
  }
}

/** All entries of a tree in order, every page of it checked; at the end its counts are compared with the meta page's. */
function* entriesOf(file: DataFile, free: boolean, use: Walk["use"]): Generator<Entry> {
  const tree = free ? file.free : file.values
  const refuse = (problem: string) => damaged(file.path, file.layout, problem)
  if (tree.depth > MAX_DEPTH) throw refuse(`it says that its tree is ${tree.depth} pages deep`)
  const order = orderOf(file, tree, free)
  const walk: Walk = { file, tree, order, use, branches: 0, leaves: 0, entries: 0, overflow: 0 }
  if (tree.root !== undefined) yield* under(walk, tree.root, 1, undefined, undefined)
  const counts = `${walk.entries} entries on ${walk.leaves} leaves under ${walk.branches} branches`
  const said = `${tree.entries} entries on ${tree.leafPages} leaves under ${tree.branchPages} branches`
  if (counts !== said) throw refuse(`it holds ${counts}, but says ${said}`)
  if (walk.overflow > tree.overflowPages) {
    throw refuse(`its values take ${walk.overflow} pages, but it says ${tree.overflowPages}`)
  }
}

/** The entries of the values' tree in the order of their keys' bytes; few pages are held at a time. */
export const entries = (file: DataFile): Generator<Entry> => entriesOf(file, false, () => {})

/** A copy of a value's bytes. */
export const readValue = (file: DataFile, place: Place): Buffer => {
  const { fd, layout, lastPage, pageSize, path } = file
  const { at, overflow, size } = place
  if (at + size > (lastPage + 1) * pageSize)
    throw damaged(path, layout, `a value of ${size} bytes reaches over its end`)
  const header = overflow === undefined ? 0 : layout.header
  const bytes = Buffer.allocUnsafeSlow(header + size)
  if (readAt(fd, bytes, at - header) < bytes.length) throw damaged(path, layout, "a value cannot be read")
  if (overflow !== undefined) checkOverflow(file, bytes, place)
  return bytes.subarray(header)
}

/**
 * A list of free pages: its length, then page numbers. Version 2 leaves zeros between them, and writes a run of pages as
 * its negated length and its first page.
 */
const checkFreeList = (file: DataFile, { place }: Entry, use: Walk["use"]): void => {
  const list = readValue(file, place)
  const refuse = () => damaged(file.path, file.layout, "a list of free pages is not one")
  const count = list.length < 8 ? -1 : u64(list, 0)
  if (count < 0 || 8 * (count + 1) > list.length) throw refuse()
  for (let i = 1; i <= count; i++) {
    const entry = Number(list.readBigInt64LE(8 * i))
    if (entry > 0) use(entry, 1)
    else if (file.layout.version === 1 || (entry < 0 && i === count)) throw refuse()
    else if (entry < 0) use(Number(list.readBigInt64LE(8 * ++i)), -entry)
  }
}

/** The highest key of the tree of free pages; 0 where that is empty. */
const newestFreed = (file: DataFile): number => {
  if (file.free.root === undefined) return 0
  let page = readPage(file, file.free.root)
  for (let depth = 1; !page.leaf && depth < file.free.depth; depth++) {
    page = readPage(file, childOf(page, page.nodes.length - 1))
  }
  const key = keyOf(page, page.nodes.length - 1)
  return page.leaf && key.length === 8 ? u64(key, 0) : Number.NaN
}

/** What the newest list of free pages may be beside that of the snapshot's own transaction. */
interface Freed {
  /** There may be none at all. */
  readonly none: boolean
  /** It may be that of an earlier transaction. */
  readonly earlier: boolean
}

const checkFreed = (file: DataFile, may: Freed): void => {
  const { layout, path, transaction } = file
  // Others, on either meta page, would have the binding decrypt the file, or map it where it must not.
  const { flags } = file.free
  if ((flags | FREE_FLAGS) !== FREE_FLAGS || (flags & WHOLE_NUMBERS) === 0) {
    throw damaged(path, layout, "its tree of free pages is not one")
  }
  const freed = newestFreed(file)
  if (freed === transaction || (freed === 0 ? may.none : freed < transaction && may.earlier)) return
  throw damaged(path, layout, `its meta page of transaction ${transaction} is of transaction ${freed}`)
}

/**
 * Checks that the meta pages tell their transactions right: a transaction frees pages of the one before, and lists them
 * under its own number; only one that found no values has none to list. A flipped bit there could bring an older snapshot
 * back, without a word.
 *
 * @param other the snapshot before; what came before that is not known
 * @throws StoreError where they do not
 */
export const checkTransactions = (newest: DataFile, other: DataFile): void => {
  const foundNone = other.values.root === undefined
  checkFreed(other, { none: true, earlier: true })
  checkFreed(newest, { none: foundNone, earlier: foundNone })
}

/**
 * Checks both trees: every page is what it should be and is used once, keys are in order, counts are right. Values on
 * overflow pages are not read; what they are is checked when they are.
 *
 * @throws StoreError where the file is damaged
 */
export const checkTrees = (file: DataFile): void => {
  const { lastPage, layout, path } = file
  const seen = new Uint8Array((lastPage >> 3) + 1)
  const use = (number: number, count: number) => {
    if (!(number >= 2 && count >= 1 && number + count - 1 <= lastPage)) {
      throw damaged(path, layout, `it names page ${number + count - 1} of ${lastPage + 1}`)
    }
    for (let page = number; page < number + count; page++) {
      const bit = 1 << (page & 7)
      const at = Math.floor(page / 8)
      if ((seen[at] & bit) !== 0) throw damaged(path, layout, `page ${page} is used twice`)
      seen[at] |= bit
    }
  }
  for (const _ of entriesOf(file, false, use));
  for (const entry of entriesOf(file, true, use)) checkFreeList(file, entry, use)
}
