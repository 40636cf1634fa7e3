/** Sorts many rows of scores, on one thread or several. */
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { lent } from "../../workers/lent.ts"
import { workerPool } from "../../workers/pool.ts"
import { MOST_THREADS, THREAD_BYTES, Threads } from "../../workers/threads.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { ROWS_AT_ONCE } from "./blocks.ts"
import { type ExactSides, exactOf, settle, tieOf } from "./near-ties.ts"
import { scratch } from "./order.ts"
import { type Block, emptyBlock, overflow, rankInto, type Scored } from "./rank-block.ts"
import type { Rows, Sorting } from "./sort-worker.ts"

/** Below this number of scores (half a second of sorting), starting threads takes longer than they save. */
const WORTH_THREADS = 2e7

/**
 * Number of threads that sort q rows of n scores: one if there are few scores or little memory.
 *
 * @param budget bytes, of which threads may use a quarter
 */
export const sortingThreads = (q: number, n: number, budget: number) =>
  Effect.map(Threads, (threads) => {
    if (q * n < WORTH_THREADS) return 1
    return Math.max(1, Math.min(threads, MOST_THREADS, q, Math.floor(budget / 4 / THREAD_BYTES)))
  })

const here = (n: number, exact: ExactSides | undefined) => {
  const memory = scratch(n)
  return Effect.fnUntraced(function* ({ error, query, values }: Scored, block: Block, first: number) {
    for (let row = 0; row < values.length / n; row++) {
      yield* attempt(RetrieveError)(() => rankInto(block, first + row, values.subarray(row * n, (row + 1) * n), memory))
      if (exact !== undefined) {
        const part = [(first + row) * n, (first + row + 1) * n] as const
        const tie = tieOf(exact, query + row, error)
        const [order, sorted] = [block.order.subarray(...part), block.scores.subarray(...part)]
        settle(order, sorted, tie, exact.by === "l2", exactOf(exact, query + row))
      }
      if (row % ROWS_AT_ONCE === 0) yield* Effect.yieldNow
    }
  })
}

const byThreads = Effect.fnUntraced(function* (n: number, threads: number, exact: ExactSides | undefined) {
  const module = new URL("./sort-worker.ts", import.meta.url)
  const data: Sorting = { n, exact }
  const pool = yield* workerPool<Rows, boolean>({ module, size: threads, data })
  const borrowed = lent(() => emptyBlock(ROWS_AT_ONCE, n, true))
  return Effect.fnUntraced(function* ({ error, query, values }: Scored, block: Block, first: number) {
    const starts = Array.from({ length: Math.ceil(values.length / n / ROWS_AT_ONCE) }, (_, i) => i * ROWS_AT_ONCE * n)
    const sortSome = (from: number) =>
      borrowed(
        Effect.fnUntraced(function* (room) {
          const scores = values.subarray(from, from + ROWS_AT_ONCE * n)
          const [order, sorted] = [room.order.subarray(0, scores.length), room.scores.subarray(0, scores.length)]
          const finite = yield* pool.run({ scores, order, sorted, query: query + from / n, error })
          block.order.set(order, first * n + from)
          block.scores.set(sorted, first * n + from)
          return finite
        })
      )
    const finite = yield* Effect.forEach(starts, sortSome, { concurrency: threads })
    if (finite.includes(false)) return yield* overflow()
  })
})

/**
 * A function that sorts rows of `n` scores, each descending and ties by ascending position, and writes them to a block,
 * starting at its row `first`. With more than one thread, scores must be in shared memory. It fails if a score is not finite.
 *
 * @param exact both sides of the ranking, to decide near ties in double precision; without them, scores count as exact
 */
export const sorter = (n: number, threads: number, exact?: ExactSides) =>
  threads === 1 ? Effect.succeed(here(n, exact)) : byThreads(n, threads, exact)
