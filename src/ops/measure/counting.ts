/** Measures rankings: by one thread, or divided among several. */
import { Effect } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import type { Ranking } from "../elements.ts"
import { workerPool } from "../workers/pool.ts"
import { MOST_THREADS, Threads } from "../workers/threads.ts"
import { checkOrders, tally, tallyOf } from "./accumulate.ts"
import { MeasureError } from "./measure-error.ts"
import type { Prepared } from "./prepare.ts"
import type { Figures } from "./query-figures.ts"
import type { Orders } from "./query-figures-work.ts"

/** Queries that a thread measures at a time. */
const AT_ONCE = 8

/** Ranks below which threads take longer to start than they save: half a second of measuring. */
const WORTH_THREADS = 6e7

/** Part of an order, in memory that a message does not copy as a whole. */
const part = (order: Int32Array, from: number, to: number): Int32Array =>
  order.buffer instanceof SharedArrayBuffer ? order.subarray(from, to) : order.slice(from, to)

const byThreads = Effect.fnUntraced(function* (prepared: Prepared, threads: number) {
  const module = new URL("./query-figures-work.ts", import.meta.url)
  // Threads need no names, which are most of what there would be to copy.
  const data: Prepared = { ...prepared, gallery: { ...prepared.gallery, names: [] } }
  const pool = yield* workerPool<Orders, ReadonlyArray<Figures>>({ module, size: threads, data })
  const n = prepared.gallery.database.length
  return Effect.fnUntraced(function* (ranking: Ranking) {
    yield* attempt(MeasureError)(() => checkOrders(prepared, ranking))
    const { from, order, to } = ranking
    const starts = Array.from({ length: Math.ceil((to - from) / AT_ONCE) }, (_, i) => i * AT_ONCE)
    const figures = yield* Effect.forEach(
      starts,
      (at) => pool.run({ from: from + at, orders: part(order, at * n, Math.min(to - from, at + AT_ONCE) * n) }),
      { concurrency: threads }
    )
    return tallyOf(from, figures.flat())
  })
})

/** How many threads measure so many queries against so large a database: one where they are few. */
export const measuringThreads = (queries: number, database: number) =>
  Effect.map(Threads, (threads) => {
    if (queries * database < WORTH_THREADS) return 1
    return Math.min(threads, MOST_THREADS, Math.ceil(queries / AT_ONCE))
  })

/** Makes what measures the blocks of one gallery. Threads change no digit: each query is measured by one. */
export const counter = (prepared: Prepared, threads: number) =>
  threads > 1
    ? byThreads(prepared, threads)
    : Effect.succeed((ranking: Ranking) => attempt(MeasureError)(() => tally(prepared, ranking)))
