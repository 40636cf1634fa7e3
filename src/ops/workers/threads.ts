import { availableParallelism } from "node:os"
import { Context } from "effect"

/**
 * How many threads work on what is divided among worker threads: all processors unless the run's setting `threads` says
 * otherwise. No result depends on it.
 */
export const Threads = Context.Reference<number>("orbitrank/ops/Threads", { defaultValue: availableParallelism })

/** More threads wait for memory rather than for processors when they sort and scan. */
export const MOST_THREADS = 16

/** Memory of a thread that loads little code, in bytes. */
export const THREAD_BYTES = 40 * 2 ** 20
