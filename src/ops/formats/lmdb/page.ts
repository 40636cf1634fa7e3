/**
 * Pages of an LMDB data file's trees, read one at a time and checked whole before anything on them is believed.
 *
 * After its header a page has 2 bytes a node: where the node stands. Nodes are packed at the page's end, each
 * 0 low 2, 2 high 2, 4 flags 2, 6 key size 2, key, value. In a branch low, high and flags are the child's page number; the
 * first key counts as lower than all. In a leaf low and high are the value's size; flag 1 says that an overflow page's
 * number stands in the value's place.
 */
import { type DataFile, damaged, readAt, u64 } from "./layout.ts"
import { unreadNode } from "./unread.ts"

const BRANCH = 1
const LEAF = 2
const OVERFLOW = 4
const NODE_HEADER = 8
/** Flags of a leaf's node: value on overflow pages; see `unread.ts` for the others. */
const BIG = 1

export interface Page {
  readonly number: number
  readonly bytes: Buffer
  readonly leaf: boolean
  /** Where each node stands. */
  readonly nodes: Uint16Array | Uint32Array
}

/** Where a value stands in the file. */
export interface Place {
  readonly at: number
  readonly size: number
  /** The first overflow page; `undefined` where the value stands on the leaf itself. */
  readonly overflow: number | undefined
}

const evened = (size: number): number => size + (size & 1)

export const keyOf = ({ bytes, nodes }: Page, i: number): Buffer => {
  const from = nodes[i] + NODE_HEADER
  return bytes.subarray(from, from + bytes.readUInt16LE(nodes[i] + 6))
}

/** The page number in a branch's node. */
export const childOf = ({ bytes, nodes }: Page, i: number): number =>
  bytes.readUInt32LE(nodes[i]) + bytes.readUInt16LE(nodes[i] + 4) * 2 ** 32

const valueAt = ({ bytes, nodes }: Page, i: number): number => nodes[i] + NODE_HEADER + bytes.readUInt16LE(nodes[i] + 6)

/** Where the value of a leaf's node stands. */
export const placeOf = ({ layout, pageSize }: DataFile, page: Page, i: number): Place => {
  const size = page.bytes.readUInt32LE(page.nodes[i])
  const at = valueAt(page, i)
  if (page.bytes.readUInt16LE(page.nodes[i] + 4) !== BIG)
    return { at: page.number * pageSize + at, size, overflow: undefined }
  const overflow = u64(page.bytes, at)
  return { at: overflow * pageSize + layout.header, size, overflow }
}

/** How many pages a value of `size` bytes takes. */
export const overflowPages = ({ layout, pageSize }: DataFile, size: number): number =>
  Math.ceil((layout.header + size) / pageSize)

/** Bytes of the node that stands at `at`; refuses one that reaches over the page's end. */
const nodeSize = (file: DataFile, bytes: Buffer, at: number, leaf: boolean, number: number): number => {
  const refuse = (problem: string) => damaged(file.path, file.layout, `page ${number} ${problem}`)
  if (at + NODE_HEADER > bytes.length) throw refuse("has an entry behind its end")
  const flags = bytes.readUInt16LE(at + 4)
  const unread = leaf ? unreadNode(file.path, flags) : undefined
  if (unread !== undefined) throw unread
  if (leaf && flags > BIG) throw refuse(`holds more than plain values (flags ${flags})`)
  const big = leaf && flags === BIG
  const value = !leaf ? 0 : big ? file.layout.reference : bytes.readUInt32LE(at)
  const size = NODE_HEADER + bytes.readUInt16LE(at + 6) + value
  if (at + size > bytes.length) throw refuse("has an entry that reaches over its end")
  return evened(size)
}

/**
 * Reads and checks a page of a tree.
 *
 * @throws StoreError where it lies outside of the file, is another page, or its entries cannot be or are no plain values
 */
export const readPage = (file: DataFile, number: number): Page => {
  const { fd, lastPage, layout, pageSize, path } = file
  const refuse = (problem: string) => damaged(path, layout, problem)
  if (number < 2 || number > lastPage) throw refuse(`it names page ${number} of ${lastPage + 1}`)
  const bytes = Buffer.allocUnsafeSlow(pageSize)
  if (readAt(fd, bytes, number * pageSize) < pageSize) throw refuse(`page ${number} cannot be read`)
  const kind = bytes.readUInt16LE(layout.header - 6)
  if (u64(bytes, 0) !== number || (kind !== BRANCH && kind !== LEAF)) {
    throw refuse(`page ${number} is not the page that stood there`)
  }
  // The binding would write to a page of a later transaction where it stands, which is mapped for reading only.
  if (layout.version === 2 && u64(bytes, 8) > file.transaction) throw refuse(`page ${number} is of a later transaction`)
  const lower = bytes.readUInt16LE(layout.header - 4) + layout.base
  const upper = bytes.readUInt16LE(layout.header - 2) + layout.base
  if (lower <= layout.header || lower % 2 === 1 || lower > upper || upper > pageSize) {
    throw refuse(`page ${number} has no valid list of entries`)
  }
  const nodes = Uint32Array.from(
    { length: (lower - layout.header) / 2 },
    (_, i) => bytes.readUInt16LE(layout.header + 2 * i) + layout.base
  )
  let used = 0
  for (const at of nodes) {
    if (at < upper) throw refuse(`page ${number} has an entry in its free space`)
    used += nodeSize(file, bytes, at, kind === LEAF, number)
  }
  if (used !== pageSize - upper) throw refuse(`page ${number} has entries of ${used} bytes in ${pageSize - upper}`)
  return { number, bytes, leaf: kind === LEAF, nodes }
}

/** Checks the header of the overflow pages that a value begins with. */
export const checkOverflow = (file: DataFile, header: Buffer, { overflow, size }: Place): void => {
  const { layout, path } = file
  const kind = header.readUInt16LE(layout.header - 6)
  const pages = header.readUInt32LE(layout.header - 4)
  if (u64(header, 0) !== overflow || kind !== OVERFLOW || pages < overflowPages(file, size)) {
    throw damaged(path, layout, `page ${overflow} is not the value that stood there`)
  }
}

/** The node of a branch under which `key` stands. */
export const descend = (page: Page, key: Uint8Array): number => {
  let low = 0
  let high = page.nodes.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (Buffer.compare(keyOf(page, middle), key) <= 0) low = middle
    else high = middle - 1
  }
  return low
}

/** The node of a leaf that has `key`; `undefined` where none has. */
export const findIn = (page: Page, key: Uint8Array): number | undefined => {
  const i = descend(page, key)
  return Buffer.compare(keyOf(page, i), key) === 0 ? i : undefined
}
