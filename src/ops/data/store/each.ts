/** All patches of a store, one after the other. */
import { Effect, type Scope, Stream } from "effect"
import { DataError, type StoreError } from "../errors.ts"
import { openReader } from "./lmdb.ts"
import type { StoreReader } from "./reader.ts"

/** Items of an iterable that throws errors made by `explained`, one at a time. */
export const lazily = <A>(items: () => Iterable<A>): Stream.Stream<A, DataError | StoreError> =>
  Stream.suspend(() => {
    const iterator = items()[Symbol.iterator]()
    const next = Effect.try({ try: () => iterator.next(), catch: (cause) => cause as DataError | StoreError })
    return Stream.unfold(undefined, () =>
      Effect.map(next, (step) => (step.done === true ? undefined : ([step.value, undefined] as const)))
    )
  })

/** A patch's value. One that cannot be read is that patch's fault, not the store's. */
export const loadPatch = (store: StoreReader, name: string): Effect.Effect<Uint8Array, DataError> =>
  Effect.mapError(
    store.load(name),
    ({ problem, remedy, subject }) => new DataError({ subject: `${subject}, ${name}`, problem, remedy })
  )

/** A store, and the names of its patches in the order of their bytes. */
export const openAll = (
  path: string
): Effect.Effect<
  { readonly store: StoreReader; readonly names: Stream.Stream<string, DataError | StoreError> },
  StoreError,
  Scope.Scope
> => Effect.map(openReader(path), (store) => ({ store, names: lazily(store.names) }))
