/**
 * Reads the pages of an LMDB data file's trees, one at a time. A page is checked as a whole before any of its entries is
 * used.
 *
 * After its header a page has 2 bytes per node: the offset of the node. Nodes are packed at the end of the page, each
 * 0 low 2, 2 high 2, 4 flags 2, 6 key size 2, key, value. In a branch, low, high and flags are the number of the child's
 * page; the first key is lower than all others. In a leaf, low and high are the size of the value; with flag 1, the number of
 * an overflow page takes the place of the value.
 */
import { type DataFile, damaged, readAt, u64 } from "./layout.ts"
import { unreadNode } from "./unread.ts"

const BRANCH = 1
const LEAF = 2
const OVERFLOW = 4
const NODE_HEADER = 8
/** The flag of a leaf's node whose value is on overflow pages; see `unread.ts` for the other flags. */
const BIG = 1

export interface Page {
  readonly number: number
  readonly bytes: Buffer
  readonly leaf: boolean
  /** The offset of each node in the page. */
  readonly nodes: Uint16Array | Uint32Array
}

/** The place of a value in the file. */
export interface Place {
  readonly at: number
  readonly size: number
  /** The first overflow page; `undefined` if the value is on the leaf itself. */
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

/** The place of the value of a leaf's node. */
export const placeOf = ({ layout, pageSize }: DataFile, page: Page, i: number): Place => {
  const size = page.bytes.readUInt32LE(page.nodes[i])
  const at = valueAt(page, i)
  if (page.bytes.readUInt16LE(page.nodes[i] + 4) !== BIG)
    return { at: page.number * pageSize + at, size, overflow: undefined }
  const overflow = u64(page.bytes, at)
  return { at: overflow * pageSize + layout.header, size, overflow }
}

/** The number of pages that a value of `size` bytes takes. */
export const overflowPages = ({ layout, pageSize }: DataFile, size: number): number =>
  Math.ceil((layout.header + size) / pageSize)

/** The bytes of the node at offset `at`; refuses a node that reaches beyond the end of the page. */
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
 * @throws StoreError if it lies outside the file, is another page, or has entries that are impossible or not plain values
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
  // The binding would write to a page of a later transaction in place, but the page is mapped for reading only.
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

/** Checks the header of the overflow pages of a value. */
export const checkOverflow = (file: DataFile, header: Buffer, { overflow, size }: Place): void => {
  const { layout, path } = file
  const kind = header.readUInt16LE(layout.header - 6)
  const pages = header.readUInt32LE(layout.header - 4)
  if (u64(header, 0) !== overflow || kind !== OVERFLOW || pages < overflowPages(file, size)) {
    throw damaged(path, layout, `page ${overflow} is not the value that stood there`)
  }
}

/** Compares the key of a node with another, by their bytes. */
const compareAt = ({ bytes, nodes }: Page, i: number, key: Uint8Array): number => {
  const from = nodes[i] + NODE_HEADER
  return bytes.compare(key, 0, key.length, from, from + bytes.readUInt16LE(nodes[i] + 6))
}

/** The index of the node of a branch under which `key` belongs. */
export const descend = (page: Page, key: Uint8Array): number => {
  let low = 0
  let high = page.nodes.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (compareAt(page, middle, key) <= 0) low = middle
    else high = middle - 1
  }
  return low
}

/** The index of the node of a leaf that has `key`; `undefined` if no node has it. */
export const findIn = (page: Page, key: Uint8Array): number | undefined => {
  const i = descend(page, key)
  return compareAt(page, i, key) === 0 ? i : undefined
}
