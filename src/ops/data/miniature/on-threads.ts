/** A miniature made on worker threads, which write its files before they are asked for here. */
import { Effect, Stream } from "effect"
import { DataError } from "../../formats/data-error.ts"
import { type WorkerError, workerPool } from "../../workers/pool.ts"
import { Threads } from "../../workers/threads.ts"
import type { MiniatureOptions } from "./archive.ts"
import type { Archive } from "./work.ts"

/** Patches that a thread takes at a time. */
const TOGETHER = 16

/** Fewer are made before threads have started. */
const WORTH_THREADS = 64

const asDataError = (error: WorkerError): DataError | WorkerError =>
  error.thrown === "DataError" ? new DataError(error) : error

/** The places of all patches, each when its files are there; on one thread, or for few patches, at once. */
export const madePlaces = (folder: string, options: MiniatureOptions) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const places = Stream.rechunk(Stream.range(0, options.patches - 1), 1)
      const threads = yield* Threads
      if (threads === 1 || options.patches < WORTH_THREADS) return places
      const archive: Archive = { folder, options }
      const pool = yield* workerPool<ReadonlyArray<number>, undefined>({
        module: new URL("./work.ts", import.meta.url),
        size: threads,
        data: archive
      })
      const made = (some: ReadonlyArray<number>) => Effect.as(Effect.mapError(pool.run(some), asDataError), some)
      return places.pipe(
        Stream.grouped(TOGETHER),
        Stream.mapEffect(made, { concurrency: threads }),
        Stream.flattenIterable,
        Stream.rechunk(1)
      )
    })
  )
