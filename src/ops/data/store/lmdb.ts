/** Opens LMDB stores: a folder with `data.mdb` and `lock.mdb`, keys UTF-8, values raw bytes. */
import { Effect, type Scope } from "effect"
import { type Key, open, type RootDatabase } from "lmdb"
import { StoreError } from "../errors.ts"
import { isStore } from "./guard.ts"

/** LMDB's longest key at its usual page size. */
const MAX_KEY_BYTES = 1978

export interface StoreReader {
  readonly path: string
  /** How many patches it holds. */
  readonly size: number
  readonly has: (name: string) => boolean
  /**
   * A copy of a value's bytes.
   *
   * @throws StoreError where there is no such key
   */
  readonly read: (name: string) => Uint8Array
  /** As `read`, after a thread of its own has fetched the value from the disk; several may be under way. */
  readonly load: (name: string) => Effect.Effect<Uint8Array, StoreError>
}

export interface StoreWriter {
  readonly has: (name: string) => boolean
  /**
   * Writes values in one synced transaction: all or, where the process dies, none. Keys that exist are left as they are.
   *
   * @returns how many were written
   * @throws StoreError where a key is empty or too long, or the disk refuses
   */
  readonly write: (values: ReadonlyArray<readonly [name: string, bytes: Uint8Array]>) => number
}

type Database = RootDatabase<Buffer, Key>

const failed = (path: string, what: string, cause: unknown): StoreError =>
  cause instanceof StoreError
    ? cause
    : new StoreError({
        subject: path,
        problem: `cannot be ${what} (${cause instanceof Error ? cause.message : String(cause)})`,
        remedy: "Check that the disk has room and that you may write there",
        cause
      })

/** Runs what throws `StoreError`; anything else it throws is a defect. */
export const onlyStoreFaults = <A>(run: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({ try: run, catch: (cause) => cause }).pipe(
    Effect.catch((cause) => (cause instanceof StoreError ? Effect.fail(cause) : Effect.die(cause)))
  )

const acquire = (path: string, readOnly: boolean): Effect.Effect<Database, StoreError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        if (!isStore(path) && readOnly) {
          throw new StoreError({
            subject: path,
            problem: "there is no store",
            remedy: "Run the pipeline that stores patches first"
          })
        }
        return open<Buffer, Key>({
          path,
          readOnly,
          // A name with a dot would be taken for a file.
          noSubdir: false,
          encoding: "binary",
          keyEncoding: "binary",
          compression: false,
          maxDbs: 0,
          // A transaction that has returned is on the disk.
          overlappingSync: false
        })
      },
      catch: (cause) => failed(path, "opened", cause)
    }),
    (database) => Effect.promise(() => database.close())
  )

const keyOf = (path: string, name: string): Buffer => {
  const key = Buffer.from(name, "utf8")
  if (key.length > 0 && key.length <= MAX_KEY_BYTES) return key
  throw new StoreError({
    subject: path,
    problem: `cannot have a key of ${key.length} bytes`,
    remedy: `Patch names have 1 to ${MAX_KEY_BYTES} bytes`
  })
}

const readFrom =
  (path: string, database: Database) =>
  (name: string): Uint8Array => {
    const bytes = database.getBinary(keyOf(path, name))
    if (bytes !== undefined) return bytes
    throw new StoreError({
      subject: path,
      problem: `holds no patch ${name}`,
      remedy: "Run the pipeline that stores patches again, or make the splits anew"
    })
  }

/** Not interruptible: the thread must be done before the store is closed. */
const prefetch = (path: string, database: Database, name: string): Effect.Effect<void> =>
  Effect.uninterruptible(
    Effect.callback<void>((resume) => {
      void database.prefetch([keyOf(path, name)], () => resume(Effect.void))
    })
  )

/** Opens a store for reading; closed with the scope. Several readers of one store may live at once. */
export const openReader = (path: string): Effect.Effect<StoreReader, StoreError, Scope.Scope> =>
  Effect.map(acquire(path, true), (database) => {
    const read = readFrom(path, database)
    return {
      path,
      size: (database.getStats() as { readonly entryCount: number }).entryCount,
      has: (name) => database.doesExist(keyOf(path, name)),
      read,
      load: (name) =>
        Effect.andThen(
          prefetch(path, database, name),
          onlyStoreFaults(() => read(name))
        )
    }
  })

/** Opens a store for writing, made where there is none; closed with the scope. */
export const openWriter = (path: string): Effect.Effect<StoreWriter, StoreError, Scope.Scope> =>
  Effect.map(acquire(path, false), (database) => ({
    has: (name) => database.doesExist(keyOf(path, name)),
    write: (values) => {
      const keyed = values.map(([name, bytes]) => [keyOf(path, name), bytes] as const)
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
  }))
