/** Orders many rows of scores: by one thread, or divided among several. */
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { workerPool } from "../../workers/pool.ts"
import { MOST_THREADS, THREAD_BYTES, Threads } from "../../workers/threads.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { scratch } from "./order.ts"
import { type Block, overflow, rankInto } from "./rank-block.ts"
import type { Rows } from "./sort-worker.ts"

/** Rows that are sorted between two chances to stop. */
const AT_ONCE = 4

/** Scores below which threads take longer to start than they save: half a second of sorting. */
const WORTH_THREADS = 2e7

/**
 * How many threads sort q rows of n scores: one where they are few, or memory is scarce.
 *
 * @param budget bytes; a quarter may go to threads
 */
export const sortingThreads = (q: number, n: number, budget: number) =>
  Effect.map(Threads, (threads) => {
    if (q * n < WORTH_THREADS) return 1
    return Math.max(1, Math.min(threads, MOST_THREADS, q, Math.floor(budget / 4 / THREAD_BYTES)))
  })

const here = (n: number) => {
  const memory = scratch(n)
  return Effect.fnUntraced(function* (scores: Float32Array, block: Block, first: number) {
    for (let row = 0; row < scores.length / n; row++) {
      yield* attempt(RetrieveError)(() => rankInto(block, first + row, scores.subarray(row * n, (row + 1) * n), memory))
      if (row % AT_ONCE === 0) yield* Effect.yieldNow
    }
  })
}

const byThreads = Effect.fnUntraced(function* (n: number, threads: number) {
  const module = new URL("./sort-worker.ts", import.meta.url)
  const pool = yield* workerPool<Rows, boolean>({ module, size: threads, data: { n } })
  return Effect.fnUntraced(function* (scores: Float32Array, block: Block, first: number) {
    const starts = Array.from({ length: Math.ceil(scores.length / n / AT_ONCE) }, (_, i) => i * AT_ONCE * n)
    const finite = yield* Effect.forEach(
      starts,
      (from) => {
        const part = scores.subarray(from, from + AT_ONCE * n)
        const [begin, end] = [first * n + from, first * n + from + part.length]
        const order = block.order.subarray(begin, end)
        return pool.run({ scores: part, order, sorted: block.scores.subarray(begin, end) })
      },
      { concurrency: threads }
    )
    if (finite.includes(false)) return yield* overflow()
  })
})

/**
 * Makes what orders rows of `n` scores, float32 [rows, n], each descending, ties by ascending position, into the rows of a
 * block from `first` on. With more than one thread, scores and block lie in shared memory. Fails where a score is not finite.
 */
export const sorter = (n: number, threads: number) => (threads === 1 ? Effect.succeed(here(n)) : byThreads(n, threads))
