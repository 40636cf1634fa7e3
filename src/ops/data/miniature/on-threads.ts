/** Miniatures made on worker threads, which write the files before they are asked for here. */
import { Effect, Stream } from "effect"
import { DataError } from "../../formats/data-error.ts"
import { type WorkerError, workerPool } from "../../workers/pool.ts"
import { Threads } from "../../workers/threads.ts"
import type { Miniature } from "../archives/data-set.ts"

/** Patches that a thread makes at a time. */
const TOGETHER = 16

/** With fewer patches, all are made before the threads have started. */
const WORTH_THREADS = 64

const asDataError = (error: WorkerError): DataError | WorkerError =>
  error.thrown === "DataError" ? new DataError(error) : error

/**
 * The numbers of `count` patches, each once threads have made its files; at once if there is one thread, or few patches, or
 * the miniature has no worker.
 */
export const madePlaces = ({ complete, worker }: Miniature, count: number) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const places = Stream.rechunk(Stream.range(0, count - 1), 1)
      const threads = yield* Threads
      if (complete || worker === undefined || threads === 1 || count < WORTH_THREADS) return places
      const pool = yield* workerPool<ReadonlyArray<number>, undefined>({ ...worker, size: threads })
      const made = (some: ReadonlyArray<number>) => Effect.as(Effect.mapError(pool.run(some), asDataError), some)
      return places.pipe(
        Stream.grouped(TOGETHER),
        Stream.mapEffect(made, { concurrency: threads }),
        Stream.flattenIterable,
        Stream.rechunk(1)
      )
    })
  )
