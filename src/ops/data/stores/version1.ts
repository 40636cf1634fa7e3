/**
 * Reads stores of LMDB's data version 1, as rico-hdl and Python's `lmdb` write them. It uses positional reads and ignores
 * the file's map size (rico-hdl reserves 100 TiB) and lock, so nothing may write to the store meanwhile.
 */
import { closeSync, openSync, read as readAsync } from "node:fs"
import { Effect, type Scope } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { messageOf } from "../../../pipeline/words.ts"
import { DataError, StoreError } from "../../formats/data-error.ts"
import { dataFile } from "../../formats/lmdb/guard.ts"
import { type DataFile, damaged, readMeta } from "../../formats/lmdb/layout.ts"
import {
  checkOverflow,
  childOf,
  descend,
  findIn,
  type Page,
  type Place,
  placeOf,
  readPage
} from "../../formats/lmdb/page.ts"
import { entries, readValue } from "../../formats/lmdb/tree.ts"
import { keyBytes, keyIfAny, missing, nameOf, onlyStoreFaults, type StoreReader } from "./store-reader.ts"

/** Pages of the tree that are cached: 16 MiB with usual pages, enough for the branches of any archive. */
const KEPT_PAGES = 4096

/** Reads pages of the tree and caches the most recently used. */
const keeping = (file: DataFile): ((number: number) => Page) => {
  const kept = new Map<number, Page>()
  return (number) => {
    const page = kept.get(number) ?? readPage(file, number)
    // A map keeps the order in which its keys were set: the first is the one used longest ago.
    kept.delete(number)
    kept.set(number, page)
    if (kept.size > KEPT_PAGES) kept.delete(kept.keys().next().value as number)
    return page
  }
}

const finder =
  (file: DataFile, pageAt: (number: number) => Page) =>
  (key: Buffer): Place | undefined => {
    if (file.values.root === undefined) return undefined
    let page = pageAt(file.values.root)
    for (let depth = 1; !page.leaf; depth++) {
      // The guard has seen the whole tree; a deeper one has changed since.
      if (depth >= file.values.depth) throw damaged(file.path, file.layout, "its tree has changed while it was read")
      page = pageAt(childOf(page, descend(page, key)))
    }
    const i = findIn(page, key)
    return i === undefined ? undefined : placeOf(file, page, i)
  }

/** Bytes to read for a value: a value on pages of its own comes after their header. */
const lengthOf = ({ layout }: DataFile, { overflow, size }: Place): number =>
  size + (overflow === undefined ? 0 : layout.header)

/**
 * Reads a value into the beginning of `memory` on one of Node's threads. Not interruptible: the read must end before the
 * file is closed or the memory is used again.
 */
const fetchInto = (memory: Buffer, file: DataFile, place: Place): Effect.Effect<Buffer, StoreError> =>
  Effect.uninterruptible(
    Effect.callback<Buffer, StoreError>((resume) => {
      const bytes = memory.subarray(0, lengthOf(file, place))
      const header = bytes.length - place.size
      readAsync(file.fd, bytes, 0, bytes.length, place.at - header, (cause, done) => {
        if (cause !== null || done < bytes.length) {
          return resume(Effect.fail(damaged(file.path, file.layout, "a value cannot be read")))
        }
        resume(
          onlyStoreFaults(() => {
            if (place.overflow !== undefined) checkOverflow(file, bytes, place)
            return bytes.subarray(header)
          })
        )
      })
    })
  )

/** Reads values into buffers that are used again; there are as many as reads at a time. */
const reusing = (file: DataFile) => {
  const spare: Array<Buffer> = []
  return <A>(place: Place, use: (bytes: Uint8Array) => A): Effect.Effect<A, DataError | StoreError> =>
    Effect.suspend(() => {
      const length = lengthOf(file, place)
      const last = spare.pop()
      const memory = last === undefined || last.length < length ? Buffer.allocUnsafeSlow(length) : last
      return fetchInto(memory, file, place).pipe(
        Effect.flatMap((bytes) => attempt(DataError)(() => use(bytes))),
        Effect.ensuring(Effect.sync(() => void spare.push(memory)))
      )
    })
}

const readerOf = (file: DataFile): StoreReader => {
  const { path } = file
  const find = finder(file, keeping(file))
  const used = reusing(file)
  const placeOfName = (name: string): Place => {
    const place = find(keyBytes(path, name))
    if (place === undefined) throw missing(path, name)
    return place
  }
  const placed = (name: string) => onlyStoreFaults(() => placeOfName(name))
  return {
    path,
    version: 1,
    size: file.values.entries,
    has: (name) => {
      const key = keyIfAny(name)
      return key !== undefined && find(key) !== undefined
    },
    *names() {
      for (const { key } of entries(file)) yield nameOf(path, key)
    },
    read: (name) => readValue(file, placeOfName(name)),
    load: (name) =>
      Effect.flatMap(placed(name), (place) => fetchInto(Buffer.allocUnsafeSlow(lengthOf(file, place)), file, place)),
    decode: (name, decode) => Effect.flatMap(placed(name), (place) => used(place, decode))
  }
}

/** Opens a store of version 1 that the guard has checked; closed with the scope. */
export const openVersion1 = (path: string): Effect.Effect<StoreReader, StoreError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => openSync(dataFile(path), "r"),
      catch: (cause) =>
        new StoreError({
          subject: path,
          problem: `cannot be opened (${messageOf(cause)})`,
          remedy: "Check that you may read it",
          cause
        })
    }),
    (fd) => Effect.sync(() => closeSync(fd))
  ).pipe(Effect.flatMap((fd) => onlyStoreFaults(() => readerOf({ path, fd, ...readMeta(fd, path) }))))
