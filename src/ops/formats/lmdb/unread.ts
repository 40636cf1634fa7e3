/** LMDB stores that are whole, but keep their values as no store of patches does: told apart from damaged ones. */
import { StoreError } from "../data-error.ts"

/** Flags of a leaf's node: a database of its own; several values of a key, which may be one. */
const DATABASE = 0x2
const DUPLICATES = 0x4
/** Flags of a tree: keys read backward, several values, whole numbers as keys; how those several values are ordered. */
const SEVERAL = 0x4
const ORDERS = 0x2 | SEVERAL | 0x8 | 0x10 | 0x20 | 0x40

const SEVERAL_VALUES = "holds several values of a key, which are not read"

const unread = (path: string, problem: string): StoreError =>
  new StoreError({
    subject: path,
    problem,
    remedy: "Give a store whose patches stand in its main database, one value a key"
  })

/** What is said of a leaf's node with these flags; `undefined` where it is no such store. */
export const unreadNode = (path: string, flags: number): StoreError | undefined => {
  if (flags === DATABASE) return unread(path, "holds named databases, which are not read")
  return flags === DUPLICATES || flags === (DUPLICATES | DATABASE) ? unread(path, SEVERAL_VALUES) : undefined
}

/** What is said of a tree with these flags; `undefined` where it is no such store. */
export const unreadTree = (path: string, flags: number): StoreError | undefined => {
  if (flags === 0 || (flags & ~ORDERS) !== 0) return undefined
  const several = (flags & SEVERAL) !== 0
  return unread(path, several ? SEVERAL_VALUES : `orders its keys otherwise (flags ${flags}), which is not read`)
}
