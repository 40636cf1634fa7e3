/** Opens LMDB stores: a folder with `data.mdb` and `lock.mdb`, or to read a single file; keys UTF-8, values raw bytes. */
import { Effect, type Scope } from "effect"
import type * as lmdb from "lmdb"
import { attempt } from "../../../pipeline/attempt.ts"
import { optionalPackage } from "../../../pipeline/packages.ts"
import { messageOf } from "../../../pipeline/words.ts"
import { DataError, StoreError } from "../../formats/data-error.ts"
import { isFile, storeVersion } from "../../formats/lmdb/guard.ts"
import { readingAtOnce } from "../at-once.ts"
import { keyBytes, keyIfAny, missing, nameOf, onlyStoreFaults, type StoreReader } from "./store-reader.ts"
import { openVersion1 } from "./version1.ts"

export { onlyStoreFaults, type StoreReader } from "./store-reader.ts"

export interface StoreWriter {
  /** A copy of the value of that name; `undefined` if there is none. */
  readonly kept: (name: string) => Uint8Array | undefined
  /**
   * Writes values in one synced transaction: all of them, or none if the process dies. Existing keys are not changed.
   *
   * @returns how many were written
   * @throws StoreError if a key is empty or too long, or the disk refuses
   */
  readonly write: (values: ReadonlyArray<readonly [name: string, bytes: Uint8Array]>) => number
}

type Database = lmdb.RootDatabase<Buffer, lmdb.Key>

/** Loads the package that opens stores, when the first one is opened. */
const library: Effect.Effect<typeof lmdb, StoreError> = Effect.tryPromise({
  try: () => optionalPackage<typeof lmdb>("lmdb", "LMDB stores", StoreError),
  catch: (cause) => cause as StoreError
})

const failed = (path: string, what: string, cause: unknown): StoreError =>
  cause instanceof StoreError
    ? cause
    : new StoreError({
        subject: path,
        problem: `cannot be ${what} (${messageOf(cause)})`,
        remedy: "Check that the disk has room and that you may write there",
        cause
      })

const acquire = (path: string, readOnly: boolean): Effect.Effect<Database, StoreError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(library, ({ open }) =>
      Effect.try({
        try: () =>
          open<Buffer, lmdb.Key>({
            path,
            readOnly,
            // By default, a name with a dot is taken for a file.
            noSubdir: isFile(path),
            encoding: "binary",
            keyEncoding: "binary",
            compression: false,
            maxDbs: 0,
            // A transaction that has returned is on the disk.
            overlappingSync: false
          }),
        catch: (cause) => failed(path, "opened", cause)
      })
    ),
    (database) => Effect.promise(() => database.close())
  )

const versionAt = (path: string): Effect.Effect<1 | 2 | undefined, StoreError> =>
  Effect.try({ try: () => storeVersion(path), catch: (cause) => failed(path, "opened", cause) })

const readFrom =
  (path: string, database: Database) =>
  (name: string): Uint8Array => {
    const bytes = database.getBinary(keyBytes(path, name))
    if (bytes !== undefined) return bytes
    throw missing(path, name)
  }

/** Has a thread fetch a value from the disk. Not interruptible: the thread must be done before the store is closed. */
const prefetch = (path: string, database: Database, name: string): Effect.Effect<void> =>
  Effect.uninterruptible(
    Effect.callback<void>((resume) => {
      void database.prefetch([keyBytes(path, name)], () => resume(Effect.void))
    })
  )

const openVersion2 = (path: string): Effect.Effect<StoreReader, StoreError, Scope.Scope> =>
  Effect.map(acquire(path, true), (database) => {
    const read = readFrom(path, database)
    const atOnce = readingAtOnce()
    const load = (name: string) =>
      Effect.flatMap(
        onlyStoreFaults(() => atOnce(() => read(name))),
        (bytes) =>
          bytes === undefined
            ? Effect.andThen(
                prefetch(path, database, name),
                onlyStoreFaults(() => read(name))
              )
            : Effect.succeed(bytes)
      )
    return {
      path,
      version: 2,
      size: (database.getStats() as { readonly entryCount: number }).entryCount,
      has: (name) => {
        const key = keyIfAny(name)
        return key !== undefined && database.doesExist(key)
      },
      *names() {
        for (const key of database.getKeys()) yield nameOf(path, key as Buffer)
      },
      read,
      load,
      decode: (name, decode) => Effect.flatMap(load(name), (bytes) => attempt(DataError)(() => decode(bytes)))
    }
  })

/** Opens a store of either version for reading; closed with the scope. Several readers of one store may live at once. */
export const openReader = (path: string): Effect.Effect<StoreReader, StoreError, Scope.Scope> =>
  Effect.flatMap(versionAt(path), (version) => {
    if (version !== undefined) return version === 1 ? openVersion1(path) : openVersion2(path)
    return Effect.fail(
      new StoreError({
        subject: path,
        problem: "there is no store here",
        remedy: "Run the pipeline that stores patches first"
      })
    )
  })

/** Opens a store for writing and makes it if it does not exist; closed with the scope. */
export const openWriter = (path: string): Effect.Effect<StoreWriter, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    if ((yield* versionAt(path)) === 1) {
      return yield* new StoreError({
        subject: path,
        problem: "was made by another LMDB (data version 1), which can only be read",
        remedy: "Write to another folder"
      })
    }
    if (isFile(path)) {
      return yield* new StoreError({
        subject: path,
        problem: "is a file; a store is written as a folder",
        remedy: "Choose another name for the store"
      })
    }
    const database = yield* acquire(path, false)
    return {
      kept: (name) => database.getBinary(keyBytes(path, name)),
      write: (values) => {
        const keyed = values.map(([name, bytes]) => [keyBytes(path, name), bytes] as const)
        try {
          return database.transactionSync(() => {
            let written = 0
            for (const [key, bytes] of keyed) {
              if (database.doesExist(key)) continue
              database.putSync(key, bytes as Buffer)
              written++
            }
            return written
          })
        } catch (cause) {
          throw failed(path, "written", cause)
        }
      }
    }
  })
