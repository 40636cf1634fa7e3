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
import { type DataFile, damaged, readAt, readMeta } from "../../formats/lmdb/layout.ts"
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
import { readingAtOnce } from "../at-once.ts"
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

const unread = ({ layout, path }: DataFile): StoreError => damaged(path, layout, "a value cannot be read")

/** The value in the bytes that were read for it, which may begin with the header of a page. */
const valueIn = (bytes: Buffer, file: DataFile, place: Place): Buffer => {
  if (place.overflow !== undefined) checkOverflow(file, bytes, place)
  return bytes.subarray(bytes.length - place.size)
}

/**
 * Reads a value into the beginning of `memory` on one of Node's threads. Not interruptible: the read must end before the
 * file is closed or the memory is used again.
 */
const fetchAside = (memory: Buffer, file: DataFile, place: Place): Effect.Effect<Buffer, StoreError> =>
  Effect.uninterruptible(
    Effect.callback<Buffer, StoreError>((resume) => {
      const bytes = memory.subarray(0, lengthOf(file, place))
      const from = place.at - (bytes.length - place.size)
      readAsync(file.fd, bytes, 0, bytes.length, from, (cause, done) => {
        if (cause !== null || done < bytes.length) return resume(Effect.fail(unread(file)))
        resume(onlyStoreFaults(() => valueIn(bytes, file, place)))
      })
    })
  )

/** Whether a read gave as many bytes as expected. */
const isComplete = (read: () => number, expected: number): boolean => {
  try {
    return read() === expected
  } catch {
    return false
  }
}

/** Reads a value into the beginning of `memory` at once. */
const fetchNow = (memory: Buffer, file: DataFile, place: Place): Buffer => {
  const bytes = memory.subarray(0, lengthOf(file, place))
  const read = () => readAt(file.fd, bytes, place.at - (bytes.length - place.size))
  if (!isComplete(read, bytes.length)) throw unread(file)
  return valueIn(bytes, file, place)
}

const readerOf = (file: DataFile): StoreReader => {
  const { path } = file
  const find = finder(file, keeping(file))
  const atOnce = readingAtOnce()
  /** Buffers that are used again; there are as many as reads at a time. */
  const spare: Array<Buffer> = []
  const placeOfName = (name: string): Place => {
    const place = find(keyBytes(path, name))
    if (place === undefined) throw missing(path, name)
    return place
  }
  /** Memory for a value; a spare buffer that is too small is left to the collector. */
  const memoryFor = (length: number): Buffer => {
    const last = spare.pop()
    return last === undefined || last.length < length ? Buffer.allocUnsafeSlow(length) : last
  }
  const usedAside = <A>(memory: Buffer, place: Place, use: (bytes: Uint8Array) => A) =>
    fetchAside(memory, file, place).pipe(
      Effect.flatMap((bytes) => attempt(DataError)(() => use(bytes))),
      Effect.ensuring(Effect.sync(() => void spare.push(memory)))
    )
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
      Effect.flatten(
        attempt(StoreError)(() => {
          const place = placeOfName(name)
          const memory = Buffer.allocUnsafeSlow(lengthOf(file, place))
          const bytes = atOnce(() => fetchNow(memory, file, place))
          return bytes === undefined ? fetchAside(memory, file, place) : Effect.succeed(bytes)
        })
      ),
    decode: (name, decode) =>
      Effect.flatten(
        attempt(
          DataError,
          StoreError
        )(() => {
          const place = placeOfName(name)
          const memory = memoryFor(lengthOf(file, place))
          const bytes = atOnce(() => fetchNow(memory, file, place))
          if (bytes === undefined) return usedAside(memory, place, decode)
          try {
            return Effect.succeed(decode(bytes))
          } finally {
            spare.push(memory)
          }
        })
      )
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
