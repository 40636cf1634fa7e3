/**
 * Checks the transaction numbers of the meta pages of an LMDB data file, by the lists of pages that transactions have freed.
 */
import { type DataFile, damaged, u64 } from "./layout.ts"
import { childOf, keyOf, readPage } from "./page.ts"

/** Keys of the tree of free pages are whole numbers. */
const WHOLE_NUMBERS = 0x8
/** All flags that the tree may have: whole numbers as keys, no folder of its own, not yet synced, measured. */
const FREE_FLAGS = WHOLE_NUMBERS | 0x4000 | 0x1000 | 0x400

/** The highest key of the tree of free pages; 0 if the tree is empty. */
const newestFreed = (file: DataFile): number => {
  if (file.free.root === undefined) return 0
  let page = readPage(file, file.free.root)
  for (let depth = 1; !page.leaf && depth < file.free.depth; depth++) {
    page = readPage(file, childOf(page, page.nodes.length - 1))
  }
  const key = keyOf(page, page.nodes.length - 1)
  return page.leaf && key.length === 8 ? u64(key, 0) : Number.NaN
}

/** Which list of free pages may be the newest, other than that of the snapshot's own transaction. */
interface Freed {
  /** There may be no list at all. */
  readonly none: boolean
  /** It may be that of an earlier transaction. */
  readonly earlier: boolean
}

const checkFreed = (file: DataFile, may: Freed): void => {
  const { layout, path, transaction } = file
  // Other flags, on either meta page, would make the binding decrypt the file, or map it at a wrong address.
  const { flags } = file.free
  if ((flags | FREE_FLAGS) !== FREE_FLAGS || (flags & WHOLE_NUMBERS) === 0) {
    throw damaged(path, layout, "its tree of free pages is not one")
  }
  const freed = newestFreed(file)
  if (freed === transaction || (freed === 0 ? may.none : freed < transaction && may.earlier)) return
  throw damaged(path, layout, `its meta page of transaction ${transaction} is of transaction ${freed}`)
}

/**
 * Checks the transaction numbers of the meta pages. A transaction frees pages of the one before it, and lists them under its
 * own number; only a transaction that found no values has no pages to list. A flipped bit in a number could silently restore
 * an older snapshot.
 *
 * @param other the snapshot before the newest; earlier snapshots are not known
 * @throws StoreError if a number is wrong
 */
export const checkTransactions = (newest: DataFile, other: DataFile): void => {
  const foundNone = other.values.root === undefined
  checkFreed(other, { none: true, earlier: true })
  checkFreed(newest, { none: foundNone, earlier: foundNone })
}
