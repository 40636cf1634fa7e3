/** Iterates over all patches of a store. */
import { Effect, type Scope, Stream } from "effect"
import { DataError, type StoreError } from "../../formats/data-error.ts"
import { openReader } from "./open-store.ts"
import type { StoreReader } from "./store-reader.ts"

/** Items of an iterable that throws errors made by `explained`, one at a time. */
export const lazily = <A>(items: () => Iterable<A>): Stream.Stream<A, DataError | StoreError> =>
  Stream.suspend(() => {
    const iterator = items()[Symbol.iterator]()
    const next = Effect.try({ try: () => iterator.next(), catch: (cause) => cause as DataError | StoreError })
    return Stream.unfold(undefined, () =>
      Effect.map(next, (step) => (step.done === true ? undefined : ([step.value, undefined] as const)))
    )
  })

/** Reports a value that cannot be read as a fault of that patch, not of the store. */
const patchFault =
  (name: string) =>
  (fault: DataError | StoreError): DataError => {
    const { problem, remedy, subject } = fault
    return fault instanceof DataError ? fault : new DataError({ subject: `${subject}, ${name}`, problem, remedy })
  }

/** Reads a patch's value. */
export const loadPatch = (store: StoreReader, name: string): Effect.Effect<Uint8Array, DataError> =>
  Effect.mapError(store.load(name), patchFault(name))

/** Decodes a patch's value; see `StoreReader.decode`. */
export const decodePatchOf = <A>(
  store: StoreReader,
  name: string,
  decode: (bytes: Uint8Array) => A
): Effect.Effect<A, DataError> => Effect.mapError(store.decode(name, decode), patchFault(name))

/** A store, and the names of its patches in the order of their bytes. */
export const openAll = (
  path: string
): Effect.Effect<
  { readonly store: StoreReader; readonly names: Stream.Stream<string, DataError | StoreError> },
  StoreError,
  Scope.Scope
> => Effect.map(openReader(path), (store) => ({ store, names: lazily(store.names) }))
