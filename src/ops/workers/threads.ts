import { availableParallelism } from "node:os"
import { Context } from "effect"

/** Number of worker threads: the run's setting `threads`, by default all processors. Results do not depend on it. */
export const Threads = Context.Reference<number>("orbitrank/ops/Threads", { defaultValue: availableParallelism })

/** Largest useful number of threads for sorting and scanning, which are limited by memory bandwidth beyond it. */
export const MOST_THREADS = 16

/** Memory in bytes of a thread that loads little code. */
export const THREAD_BYTES = 40 * 2 ** 20
