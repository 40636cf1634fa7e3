/**
 * Makes the patches of draws: one by one on this thread, or many at a time on worker threads. Both give the same patches.
 */
import { Effect, type Scope, Stream } from "effect"
import { attempt } from "../../../../pipeline/attempt.ts"
import { DataError, type StoreError } from "../../../formats/data-error.ts"
import { type WorkerError, workerPool } from "../../../workers/pool.ts"
import { Threads } from "../../../workers/threads.ts"
import type { Draw } from "./epochs.ts"
import { type Look, patchOf } from "./make-patch.ts"
import type { Made, Wanted } from "./make-patches-work.ts"
import type { PatchSource } from "./patch-source.ts"

/** Patches that a thread makes per message; it gets no new message while the network computes. */
const TOGETHER = 32

/** With fewer patches, this thread is done before worker threads have started. */
const WORTH_THREADS = 512

/** More threads would wait for the thread that stacks batches. */
const MOST_THREADS = 8

export interface Reading {
  readonly source: PatchSource
  readonly names: ReadonlyArray<string>
  readonly look: Look
  /** Labels by index, which replace the patches' own. */
  readonly given: ReadonlyArray<Uint8Array> | undefined
  /** Patches fetched at a time, if no worker threads are used. */
  readonly concurrency: number
}

type Faults = DataError | StoreError | WorkerError

const oneByOne =
  ({ concurrency, given, look, names, source }: Reading) =>
  (draws: Stream.Stream<Draw>): Stream.Stream<Made, Faults> =>
    Stream.mapEffect(
      draws,
      (draw) =>
        Effect.flatMap(source.load(names[draw.index]), (stored) =>
          attempt(DataError)(() => ({
            patch: patchOf(stored, names[draw.index], draw, look, given?.[draw.index]),
            classes: stored.classes.length
          }))
        ),
      { concurrency }
    )

/** Copies a value that is part of a larger buffer, because the whole buffer would be sent. */
const alone = (value: Uint8Array): Uint8Array => (value.byteLength === value.buffer.byteLength ? value : value.slice())

const asDataError = (error: WorkerError): DataError | WorkerError =>
  error.thrown === "DataError" ? new DataError(error) : error

const onThreads = (
  { given, look, names, source }: Reading,
  value: NonNullable<PatchSource["value"]>,
  size: number
): Effect.Effect<(draws: Stream.Stream<Draw>) => Stream.Stream<Made, Faults>, never, Scope.Scope> =>
  Effect.map(
    workerPool<ReadonlyArray<Wanted>, ReadonlyArray<Made>>({
      module: new URL("./make-patches-work.ts", import.meta.url),
      size,
      data: look
    }),
    (pool) => {
      const fetched = Effect.fnUntraced(function* (draw: Draw) {
        const name = names[draw.index]
        const told = yield* source.told?.(name) ?? Effect.undefined
        const bytes = yield* value(name)
        return { draw, name, value: alone(bytes), told, given: given?.[draw.index] } satisfies Wanted
      })
      const made = (draws: ReadonlyArray<Draw>) =>
        Effect.flatMap(Effect.forEach(draws, fetched, { concurrency: "unbounded" }), (wanted) =>
          Effect.mapError(pool.run(wanted), asDataError)
        )
      return (draws) =>
        draws.pipe(
          Stream.grouped(TOGETHER),
          Stream.mapEffect(made, { concurrency: size }),
          Stream.flattenIterable,
          Stream.rechunk(1)
        )
    }
  )

/**
 * Chooses how to make `count` patches: on worker threads if the run has several, the source is a store, and there are enough
 * patches to be worth their start; otherwise one by one.
 */
export const reading = (given: Reading, count: number) =>
  Effect.flatMap(Threads, (threads) => {
    const { value } = given.source
    return value === undefined || threads === 1 || count < WORTH_THREADS
      ? Effect.succeed(oneByOne(given))
      : onThreads(given, value, Math.min(threads, MOST_THREADS))
  })
