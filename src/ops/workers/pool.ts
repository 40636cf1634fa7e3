/** Worker threads for work that is worth a processor of its own: decoding, sorting, networks on WebAssembly. */
import { Effect, Pool, type Scope } from "effect"
import { openThread, type WorkerError } from "./thread.ts"

export { type Done, type Task, type Work, WorkerError } from "./thread.ts"

export interface WorkerPool<In, Out> {
  readonly size: number
  /**
   * Runs one task on the next free thread. Results come in the order in which tasks end: `Stream.mapEffect` with a
   * concurrency of `size` brings them back into the order of its input.
   *
   * @param transfer buffers in `input` that move to the thread rather than being copied; they cannot be used again here
   */
  readonly run: (input: In, transfer?: ReadonlyArray<ArrayBuffer>) => Effect.Effect<Out, WorkerError>
}

/**
 * Opens `size` worker threads that end with the scope. A task cannot be interrupted once it runs, so tasks should be short.
 *
 * @param spec.module URL of a TypeScript module that exports `work`, see `Work`. It should import neither Effect nor what
 *   imports it: that costs each thread a second
 * @param spec.data given to `work` once in each thread; may hold `SharedArrayBuffer`s, which all threads then share
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
