/** Names LMDB stores that are sound but keep their values in ways that are not read, so that they are not called damaged. */
import { StoreError } from "../data-error.ts"

/** Flags of version 2's tree of free pages, and of its tree of values, as the npm package `lmdb` sets them. */
const ENCRYPTED = 0x2000
const VERSIONED = 0x100

/**
 * The error of a store that the npm package `lmdb` wrote with options that are not read; `undefined` without such options.
 */
export const unreadOptions = (
  path: string,
  version: 1 | 2,
  freeFlags: number,
  flags: number
): StoreError | undefined => {
  if (version === 1) return undefined
  const found = (freeFlags & ENCRYPTED) !== 0 ? "`encryptionKey`" : flags === VERSIONED ? "`useVersions`" : undefined
  if (found === undefined) return undefined
  return new StoreError({
    subject: path,
    problem: `was written with ${found} of the npm package lmdb${found === "`useVersions`" ? ", which keeps a version with each value" : ", that is, encrypted"}; such stores are not read`,
    remedy: "Copy its entries into a store without that option, with the program that wrote it"
  })
}

/** Flags of a leaf's node: a named database; several values of one key, of which there may be only one. */
const DATABASE = 0x2
const DUPLICATES = 0x4
/**
 * Flags of a tree: keys in reverse byte order, several values per key, whole numbers as keys, the order of several values.
 */
const SEVERAL = 0x4
const ORDERS = 0x2 | SEVERAL | 0x8 | 0x10 | 0x20 | 0x40

const SEVERAL_VALUES = "holds several values of a key, which are not read"

const unread = (path: string, problem: string): StoreError =>
  new StoreError({
    subject: path,
    problem,
    remedy: "Give a store that keeps its patches in the main database, one value per key"
  })

/** The error of a leaf's node with these flags; `undefined` if the flags are read. */
export const unreadNode = (path: string, flags: number): StoreError | undefined => {
  if (flags === DATABASE) return unread(path, "holds named databases, which are not read")
  return flags === DUPLICATES || flags === (DUPLICATES | DATABASE) ? unread(path, SEVERAL_VALUES) : undefined
}

/** The error of a tree with these flags; `undefined` if the flags are read, or unknown. */
export const unreadTree = (path: string, flags: number): StoreError | undefined => {
  if (flags === 0 || (flags & ~ORDERS) !== 0) return undefined
  const several = (flags & SEVERAL) !== 0
  return unread(path, several ? SEVERAL_VALUES : `orders its keys in another way (flags ${flags}), which is not read`)
}
