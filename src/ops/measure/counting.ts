/** Measures rankings, in this thread or divided among several. */
import { Effect } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import type { Ranking } from "../elements.ts"
import { lent } from "../workers/lent.ts"
import { workerPool } from "../workers/pool.ts"
import { MOST_THREADS, Threads } from "../workers/threads.ts"
import { checkOrders, emptyTally, merge, type Tally, tally, tallyOf } from "./accumulate.ts"
import { MeasureError } from "./measure-error.ts"
import type { Prepared } from "./prepare.ts"
import type { Figures } from "./query-figures.ts"
import type { Orders } from "./query-figures-work.ts"

/** Queries that a thread measures at a time. */
const AT_ONCE = 8

/** Number of ranks, about half a second of measuring, below which threads cost more time than they save. */
const WORTH_THREADS = 6e7

/** Called with the number of queries that were measured since the last call. */
type Measured = (queries: number) => void

const byThreads = Effect.fnUntraced(function* (prepared: Prepared, threads: number, done: Measured) {
  const module = new URL("./query-figures-work.ts", import.meta.url)
  // Threads do not need the names, which would be most of the data to copy.
  const data: Prepared = { ...prepared, gallery: { ...prepared.gallery, names: [] } }
  const pool = yield* workerPool<Orders, ReadonlyArray<Figures>>({ module, size: threads, data })
  const n = prepared.gallery.database.length
  const borrowed = lent(() => new Int32Array(new SharedArrayBuffer(4 * AT_ONCE * n)))
  return Effect.fnUntraced(function* (ranking: Ranking) {
    yield* attempt(MeasureError)(() => checkOrders(prepared, ranking))
    const { from, order, to } = ranking
    const starts = Array.from({ length: Math.ceil((to - from) / AT_ONCE) }, (_, i) => i * AT_ONCE)
    const measureSome = (at: number) =>
      borrowed((room) => {
        const part = order.subarray(at * n, Math.min(to - from, at + AT_ONCE) * n)
        room.set(part)
        return pool.run({ from: from + at, orders: room.subarray(0, part.length) })
      }).pipe(Effect.tap((figures) => Effect.sync(() => done(figures.length))))
    const figures = yield* Effect.forEach(starts, measureSome, { concurrency: threads })
    return tallyOf(from, figures.flat())
  })
})

/** Measures in this thread, a few queries at a time, so that the rest of the run continues in between. */
const here = (prepared: Prepared, done: Measured) =>
  Effect.fnUntraced(function* (ranking: Ranking) {
    yield* attempt(MeasureError)(() => checkOrders(prepared, ranking))
    const { from, order, to } = ranking
    const n = prepared.gallery.database.length
    const parts: Array<Tally> = []
    for (let at = from; at < to; at += AT_ONCE) {
      const end = Math.min(to, at + AT_ONCE)
      const few = { ...ranking, from: at, to: end, order: order.subarray((at - from) * n, (end - from) * n) }
      parts.push(yield* attempt(MeasureError)(() => tally(prepared, few)))
      done(end - at)
      yield* Effect.yieldNow
    }
    return merge(emptyTally, ...parts)
  })

/** Number of threads that measure these queries; one if there is little to measure. */
export const measuringThreads = (queries: number, database: number) =>
  Effect.map(Threads, (threads) => {
    if (queries * database < WORTH_THREADS) return 1
    return Math.min(threads, MOST_THREADS, Math.ceil(queries / AT_ONCE))
  })

/**
 * Makes the function that measures blocks of one gallery. Each query is measured by one thread, so threads change no digit.
 *
 * @param done called while queries are measured
 */
export const counter = (prepared: Prepared, threads: number, done: Measured = () => {}) =>
  threads > 1 ? byThreads(prepared, threads, done) : Effect.succeed(here(prepared, done))
