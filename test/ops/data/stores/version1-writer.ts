/**
 * Writes LMDB files of data version 1: what rico-hdl's and Python's stores are, made without either, and the description of
 * the format for whoever reads `src/ops/data/stores`.
 *
 * The tree is built from its leaves: sorted entries fill leaf pages, the leaves' first keys fill branch pages, until one
 * page is left, the root. Values that would leave no room for a second node go to overflow pages of their own.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export interface Version1Options {
  readonly pageSize?: number
  /** Nodes of a page at most; as many as fit by default. A small number makes deep trees. */
  readonly perPage?: number
  /** What the meta page says of the memory map; rico-hdl reserves 100 TiB. */
  readonly mapSize?: bigint
  /** Which of the two meta pages is the newer; the other one tells of an empty store. */
  readonly newest?: 0 | 1
  /** Flags of the tree of values: 4 is several values of a key. */
  readonly flags?: number
}

const HEADER = 16
const BRANCH = 1
const LEAF = 2
const OVERFLOW = 4
const META = 8
const NOTHING = 0xffff_ffff_ffff_ffffn

interface Node {
  readonly key: Buffer
  /** Bytes of the node: header, key, value or reference. */
  readonly bytes: Buffer
}

interface Building {
  readonly pageSize: number
  readonly perPage: number
  readonly pages: Array<Buffer>
  leaves: number
  branches: number
  overflow: number
}

const startPage = (pageSize: number, number: number, kind: number): Buffer => {
  const page = Buffer.alloc(pageSize)
  page.writeBigUInt64LE(BigInt(number), 0)
  page.writeUInt16LE(kind, 10)
  return page
}

/** The header of a node: low and high word, flags, size of the key; then the key and what follows. */
const nodeOf = (key: Buffer, words: number, flags: number, value: Buffer): Node => {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(words, 0)
  header.writeUInt16LE(flags, 4)
  header.writeUInt16LE(key.length, 6)
  return { key, bytes: Buffer.concat([header, key, value]) }
}

/** Puts a value onto pages of its own; how its leaf refers to them. */
const overflowNode = (building: Building, key: Buffer, value: Buffer): Node => {
  const { pageSize, pages } = building
  const count = Math.ceil((HEADER + value.length) / pageSize)
  const first = pages.length
  const bytes = Buffer.alloc(count * pageSize)
  startPage(pageSize, first, OVERFLOW).copy(bytes)
  bytes.writeUInt32LE(count, 12)
  value.copy(bytes, HEADER)
  for (let i = 0; i < count; i++) pages.push(bytes.subarray(i * pageSize, (i + 1) * pageSize))
  building.overflow += count
  const reference = Buffer.alloc(8)
  reference.writeBigUInt64LE(BigInt(first))
  return nodeOf(key, value.length, 1, reference)
}

const leafNode = (building: Building, key: Buffer, value: Buffer): Node => {
  const most = (Math.floor((building.pageSize - HEADER) / 2) & -2) - 2
  return 8 + key.length + value.length > most ? overflowNode(building, key, value) : nodeOf(key, value.length, 0, value)
}

/** One page of nodes: pointers from the front, nodes from the back, each at an even byte. */
const fillPage = (building: Building, kind: number, nodes: ReadonlyArray<Node>): number => {
  const number = building.pages.length
  const page = startPage(building.pageSize, number, kind)
  let upper = building.pageSize
  nodes.forEach(({ bytes }, i) => {
    upper -= bytes.length + (bytes.length & 1)
    bytes.copy(page, upper)
    page.writeUInt16LE(upper, HEADER + 2 * i)
  })
  page.writeUInt16LE(HEADER + 2 * nodes.length, 12)
  page.writeUInt16LE(upper, 14)
  building.pages.push(page)
  return number
}

const groups = ({ pageSize, perPage }: Building, nodes: ReadonlyArray<Node>): Array<Array<Node>> => {
  const all: Array<Array<Node>> = []
  let room = 0
  for (const node of nodes) {
    const size = node.bytes.length + (node.bytes.length & 1) + 2
    const open = all.at(-1)
    if (open === undefined || room < size || open.length === perPage) {
      all.push([node])
      room = pageSize - HEADER - size
    } else {
      open.push(node)
      room -= size
    }
  }
  return all
}

/** The levels of the tree, from the leaves up; the root and how deep it lies. */
const buildTree = (
  building: Building,
  nodes: ReadonlyArray<Node>
): { readonly root: number; readonly depth: number } => {
  let level = groups(building, nodes).map((group) => ({ key: group[0].key, page: fillPage(building, LEAF, group) }))
  building.leaves += level.length
  let depth = 1
  while (level.length > 1) {
    // A page number of 48 bits stands in the words and flags of a branch's node; its first key is left empty.
    const branch = level.map(({ key, page }) => nodeOf(key, page, 0, Buffer.alloc(0)))
    level = groups(building, branch).map((group) => {
      const first = nodeOf(Buffer.alloc(0), group[0].bytes.readUInt32LE(0), 0, Buffer.alloc(0))
      return { key: group[0].key, page: fillPage(building, BRANCH, [first, ...group.slice(1)]) }
    })
    building.branches += level.length
    depth++
  }
  return { root: level[0].page, depth }
}

const writeTree = (page: Buffer, at: number, flags: number, depth: number, counts: ReadonlyArray<number | bigint>) => {
  page.writeUInt16LE(flags, at + 4)
  page.writeUInt16LE(depth, at + 6)
  for (const [i, count] of counts.entries()) page.writeBigUInt64LE(BigInt(count), at + 8 + 8 * i)
}

const metaPage = (
  { pageSize, leaves, branches, overflow, pages }: Building,
  number: number,
  transaction: number,
  tree: { readonly root: number; readonly depth: number } | undefined,
  entries: number,
  { mapSize = 100n << 40n, flags = 0 }: Version1Options
): Buffer => {
  const page = startPage(pageSize, number, META)
  page.writeUInt32LE(0xbeefc0de, HEADER)
  page.writeUInt32LE(1, HEADER + 4)
  page.writeBigUInt64LE(mapSize, HEADER + 16)
  // Free pages: none. The tree's padding holds the page size, its flags say that keys are whole numbers.
  writeTree(page, HEADER + 24, 8, 0, [0, 0, 0, 0, NOTHING])
  page.writeUInt32LE(pageSize, HEADER + 24)
  const counts = tree === undefined ? [0, 0, 0, 0, NOTHING] : [branches, leaves, overflow, entries, tree.root]
  writeTree(page, HEADER + 72, flags, tree?.depth ?? 0, counts)
  page.writeBigUInt64LE(BigInt(tree === undefined ? 1 : pages.length - 1), HEADER + 120)
  page.writeBigUInt64LE(BigInt(transaction), HEADER + 128)
  return page
}

/** The bytes of a `data.mdb`; keys in any order. */
export const version1Bytes = (
  values: ReadonlyArray<readonly [string, Uint8Array]>,
  options: Version1Options = {}
): Buffer => {
  const { pageSize = 4096, perPage = Number.POSITIVE_INFINITY, newest = 1 } = options
  const building: Building = {
    pageSize,
    perPage,
    pages: [Buffer.alloc(0), Buffer.alloc(0)],
    leaves: 0,
    branches: 0,
    overflow: 0
  }
  const sorted = values
    .map(([name, value]) => [Buffer.from(name, "utf8"), Buffer.from(value)] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
  const nodes = sorted.map(([key, value]) => leafNode(building, key, value))
  const tree = nodes.length === 0 ? undefined : buildTree(building, nodes)
  for (const number of [0, 1]) {
    const full = number === newest
    // Transaction N writes meta page N % 2.
    const transaction = number === 1 ? 1 : full ? 2 : 0
    building.pages[number] = metaPage(building, number, transaction, full ? tree : undefined, nodes.length, options)
  }
  return Buffer.concat(building.pages)
}

/** Writes a store of data version 1 into the folder `path`. */
export const writeVersion1 = (
  path: string,
  values: ReadonlyArray<readonly [string, Uint8Array]>,
  options?: Version1Options
): void => {
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, "data.mdb"), version1Bytes(values, options))
}
