/**
 * Looks at a store's file before anything opens it. The LMDB binding reads data version 2 only, and a file of version 1,
 * damaged or foreign kills the process instead of raising an error; so both trees are checked first (`tree.ts`). A store of
 * version 1 goes to our own reader.
 */
import { closeSync, existsSync, fstatSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import { StoreError } from "../data-error.ts"
import { beginsAsStore, readMeta, readMetas } from "./layout.ts"
import { checkTransactions } from "./transactions.ts"
import { checkTrees } from "./tree.ts"

/** Whether a path is a file, such as a store that Python's `lmdb` writes with `subdir=False`. */
export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** The file that holds a store's pages: `data.mdb` in its folder, or the store itself if it is a single file. */
export const dataFile = (path: string): string => (isFile(path) ? path : join(path, "data.mdb"))

/** Whether a file begins as an LMDB store of any version does. */
export const isStoreFile = (path: string): boolean => {
  if (!isFile(path)) return false
  const fd = openSync(path, "r")
  try {
    return beginsAsStore(fd)
  } finally {
    closeSync(fd)
  }
}

/** How often the check starts again if another process has written meanwhile. */
const TRIES = 5

/** Checks an open file. Another process may reuse pages as soon as a newer snapshot exists; then the check starts again. */
const check = (fd: number, path: string, left = TRIES): 1 | 2 => {
  const { newest, other } = readMetas(fd, path)
  try {
    checkTransactions({ path, fd, ...newest }, { path, fd, ...other })
    checkTrees({ path, fd, ...newest })
    return newest.layout.version
  } catch (fault) {
    if (left === 0 || readMeta(fd, path).transaction === newest.transaction) throw fault
    return check(fd, path, left - 1)
  }
}

/**
 * Checks that a store may be opened, and by what: data version 2 by the LMDB binding, version 1 by our own reader.
 *
 * @param path the store's folder, or its only file
 * @returns `undefined` if there is no store yet
 * @throws StoreError if the path is something else, or a store that is damaged or of a kind that is not read
 */
export const storeVersion = (path: string): 1 | 2 | undefined => {
  if (!existsSync(path)) return undefined
  if (isFile(path) && !isStoreFile(path)) {
    throw new StoreError({
      subject: path,
      problem: "is a file that is not an LMDB store",
      remedy: "Give the folder of a store, or a store that is a single file"
    })
  }
  const file = dataFile(path)
  if (!existsSync(file)) return undefined
  const fd = openSync(file, "r")
  try {
    // The binding creates the file before it writes to it, so a killed process may leave an empty one.
    return fstatSync(fd).size === 0 ? undefined : check(fd, path)
  } finally {
    closeSync(fd)
  }
}
