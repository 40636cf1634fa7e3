/**
 * Looks at a store's file before anything opens it. The LMDB binding reads data version 2 only, and a file of version 1,
 * damaged or foreign kills the process instead of raising an error; so both trees are checked first (`tree.ts`). A store of
 * version 1 goes to our own reader.
 */
import { closeSync, existsSync, fstatSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import { StoreError } from "../data-error.ts"
import { readMeta, readMetas } from "./layout.ts"
import { checkTransactions } from "./transactions.ts"
import { checkTrees } from "./tree.ts"

/** The file that holds a store's pages. */
export const dataFile = (path: string): string => join(path, "data.mdb")

/** How often the check begins again because another process has written meanwhile. */
const TRIES = 5

/** Checks an open file; pages may be used anew by another process once the snapshot that is read is no longer the newest. */
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
 * @param path the store's folder
 * @returns `undefined` where there is no store yet
 * @throws StoreError where something else stands there, or a store of another version, or a damaged one
 */
export const storeVersion = (path: string): 1 | 2 | undefined => {
  if (!existsSync(path)) return undefined
  if (!statSync(path).isDirectory()) {
    throw new StoreError({
      subject: path,
      problem: "is a file; a store is a folder",
      remedy: "Choose another name for the store"
    })
  }
  const file = dataFile(path)
  if (!existsSync(file)) return undefined
  const fd = openSync(file, "r")
  try {
    // The binding makes the file before it writes to it: so a kill may leave it.
    return fstatSync(fd).size === 0 ? undefined : check(fd, path)
  } finally {
    closeSync(fd)
  }
}
