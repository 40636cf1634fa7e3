/** The interface of stores of either version, and their keys. */
import { Effect } from "effect"
import { type DataError, StoreError } from "../../formats/data-error.ts"

export interface StoreReader {
  readonly path: string
  /** LMDB's data version: 2 is what we write, 1 what rico-hdl and Python's `lmdb` write. */
  readonly version: 1 | 2
  /** How many patches it holds. */
  readonly size: number
  /** Also false for a name that cannot be a key. */
  readonly has: (name: string) => boolean
  /** The names of all patches in the order of their bytes, read lazily. */
  readonly names: () => Iterable<string>
  /**
   * A copy of a value's bytes.
   *
   * @throws StoreError if there is no such key, or the store is damaged there
   */
  readonly read: (name: string) => Uint8Array
  /** As `read`, but if the disk has to be waited for, threads of their own fetch the values; several reads may be under way. */
  readonly load: (name: string) => Effect.Effect<Uint8Array, StoreError>
  /**
   * As `load`, but the bytes are valid only until `decode` returns; then the next value uses their memory. Twice as fast for
   * large values, because fresh memory costs as much as reading.
   *
   * @param decode may throw DataError, and must copy what it keeps
   */
  readonly decode: <A>(name: string, decode: (bytes: Uint8Array) => A) => Effect.Effect<A, DataError | StoreError>
}

/** Runs a function that may throw `StoreError`; any other error is a defect. */
export const onlyStoreFaults = <A>(run: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({ try: run, catch: (cause) => cause }).pipe(
    Effect.catch((cause) => (cause instanceof StoreError ? Effect.fail(cause) : Effect.die(cause)))
  )

/** LMDB's longest key at its usual page size. */
const MAX_KEY_BYTES = 1978

const isKey = (key: Buffer): boolean => key.length > 0 && key.length <= MAX_KEY_BYTES

/** The key of a patch; `undefined` if the name cannot be a key. */
export const keyIfAny = (name: string): Buffer | undefined => {
  const key = Buffer.from(name, "utf8")
  return isKey(key) ? key : undefined
}

/**
 * The key of a patch: its name in UTF-8.
 *
 * @throws StoreError if it is empty or too long
 */
export const keyBytes = (path: string, name: string): Buffer => {
  const key = Buffer.from(name, "utf8")
  if (isKey(key)) return key
  throw new StoreError({
    subject: path,
    problem: `cannot have a key of ${key.length} bytes`,
    remedy: `Patch names have 1 to ${MAX_KEY_BYTES} bytes`
  })
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * The name that a key holds.
 *
 * @throws StoreError if it is not text
 */
export const nameOf = (path: string, key: Uint8Array): string => {
  try {
    return utf8.decode(key)
  } catch {
    throw new StoreError({
      subject: path,
      problem: `has the key ${Buffer.from(key).toString("hex")}, which is not UTF-8`,
      remedy: "Its keys must be the names of patches"
    })
  }
}

export const missing = (path: string, name: string): StoreError =>
  new StoreError({
    subject: path,
    problem: `holds no patch ${name}`,
    remedy: "Run the pipeline that stores patches again, make the splits again, or read with `missing: skip`"
  })
