/** A pool of worker threads for heavy work: decoding, sorting, networks on WebAssembly. */
import { Effect, Pool, type Scope } from "effect"
import { openThread, type WorkerError } from "./thread.ts"

export { type Done, type Task, type Work, WorkerError } from "./thread.ts"

/** Threads that share one kind of work. */
export interface WorkerPool<In, Out> {
  readonly size: number
  /**
   * Runs one task on the next free thread. Tasks end in any order; `Stream.mapEffect` with a concurrency of `size` returns
   * results in the order of its input.
   *
   * @param transfer buffers in `input` that are moved to the thread, not copied; the caller cannot use them afterwards
   */
  readonly run: (input: In, transfer?: ReadonlyArray<ArrayBuffer>) => Effect.Effect<Out, WorkerError>
}

/**
 * Opens `size` worker threads that end with the scope. A running task cannot be interrupted, so tasks should be short.
 *
 * @param spec.module URL of a module that exports `work`, see `Work`. It must not import Effect, see `thread.ts`
 * @param spec.data argument of `work`, sent once to each thread; it may hold `SharedArrayBuffer`s, which all threads share
 */
export const workerPool = <In, Out>(spec: {
  readonly module: URL
  readonly size: number
  readonly data?: unknown
}): Effect.Effect<WorkerPool<In, Out>, never, Scope.Scope> =>
  Effect.map(Pool.make({ acquire: openThread<In, Out>(spec.module, spec.data), size: spec.size }), (pool) => ({
    size: spec.size,
    run: (input, transfer = []) =>
      Pool.use(pool, (thread) =>
        Effect.onError(thread.ask(input, transfer), () =>
          thread.alive() ? Effect.void : Pool.invalidate(pool, thread)
        )
      )
  }))
