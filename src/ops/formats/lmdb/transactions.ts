/**
 * Whether the meta pages of an LMDB data file tell their transactions right, by the lists of pages that these have freed.
 */
import { type DataFile, damaged, u64 } from "./layout.ts"
import { childOf, keyOf, readPage } from "./page.ts"

/** Keys of the tree of free pages are whole numbers. */
const WHOLE_NUMBERS = 0x8
/** What else that tree's flags tell: made without a folder of its own, not yet synced, measured. */
const FREE_FLAGS = WHOLE_NUMBERS | 0x4000 | 0x1000 | 0x400

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
