/** Walks the trees of an LMDB data file in the order of their keys, and checks them as a whole. */
import { type DataFile, damaged, readAt, type Tree, u64 } from "./layout.ts"
import { checkOverflow, childOf, keyOf, overflowPages, type Page, type Place, placeOf, readPage } from "./page.ts"
import { unreadTree } from "./unread.ts"

/** LMDB's own limit. */
const MAX_DEPTH = 32
/** The flags of a tree of patches. Others order keys in another way, or allow several values per key. */
const PLAIN_FLAGS = 0

export interface Entry {
  readonly key: Buffer
  readonly place: Place
}

type Order = (a: Buffer, b: Buffer) => number

/** Bytes of a key in the tree of free pages: the number of a transaction. */
const NUMBER = 8
const byNumber = (a: Buffer, b: Buffer): number => u64(a, 0) - u64(b, 0)

/** The order of a tree's keys; refuses trees that do not hold patches. */
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
  /** Is called for every page: `count` pages from `number` on. */
  readonly use: (number: number, count: number) => void
  branches: number
  leaves: number
  entries: number
  overflow: number
}

const checkKeys = ({ file, order }: Walk, page: Page, from: Buffer | undefined, to: Buffer | undefined): void => {
  const refuse = () => damaged(file.path, file.layout, `page ${page.number} has its keys out of order`)
  if (order === byNumber && page.nodes.some((_, i) => (page.leaf || i > 0) && keyOf(page, i).length !== NUMBER)) {
    throw damaged(file.path, file.layout, `page ${page.number} has keys that are not numbers`)
  }
  // The first key of a branch counts as lower than all others, whatever its bytes are.
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
    throw damaged(file.path, file.layout, `page ${number} is at depth ${depth} of ${tree.depth}`)
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

/**
 * Yields all entries of a tree in order and checks every page; at the end, compares the counts with those of the meta page.
 */
function* entriesOf(file: DataFile, free: boolean, use: Walk["use"]): Generator<Entry> {
  const tree = free ? file.free : file.values
  const refuse = (problem: string) => damaged(file.path, file.layout, problem)
  if (tree.depth > MAX_DEPTH) throw refuse(`it claims a tree that is ${tree.depth} pages deep`)
  const order = orderOf(file, tree, free)
  const walk: Walk = { file, tree, order, use, branches: 0, leaves: 0, entries: 0, overflow: 0 }
  if (tree.root !== undefined) yield* under(walk, tree.root, 1, undefined, undefined)
  const counts = `${walk.entries} entries on ${walk.leaves} leaves under ${walk.branches} branches`
  const said = `${tree.entries} entries on ${tree.leafPages} leaves under ${tree.branchPages} branches`
  if (counts !== said) throw refuse(`it holds ${counts}, but claims ${said}`)
  if (walk.overflow > tree.overflowPages) {
    throw refuse(`its values take ${walk.overflow} pages, but it claims ${tree.overflowPages}`)
  }
}

/** Yields the entries of the tree of values in the order of the bytes of their keys; few pages are in memory at a time. */
export const entries = (file: DataFile): Generator<Entry> => entriesOf(file, false, () => {})

/** Copies the bytes of a value. */
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
 * Checks a list of free pages: its length, then page numbers. Version 2 leaves zeros between them, and writes a run of pages
 * as its negated length and its first page.
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

/**
 * Checks both trees: every page has the right kind and is used once, keys are in order, counts are right. Values on overflow
 * pages are not read; their headers are checked when they are read.
 *
 * @throws StoreError if the file is damaged
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
