/** Measuring by several threads: the same to the last digit as by one. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect } from "vitest"
import type { Ranking } from "../../../src/ops/elements.ts"
import { counter, measuringThreads } from "../../../src/ops/measure/counting.ts"
import { standardMetrics } from "../../../src/ops/measure/metrics.ts"
import { type Plan, prepare } from "../../../src/ops/measure/prepare.ts"
import { defaultThresholds } from "../../../src/ops/measure/relevance.ts"
import { Threads } from "../../../src/ops/workers/threads.ts"
import { effect } from "../../effect.ts"
import { rankings } from "./galleries.ts"

const plan: Plan = {
  at: [1, 3, 20],
  precisionAt: 10,
  thresholds: defaultThresholds,
  standard: { metrics: standardMetrics, relations: ["hard", "jaccard 0.5", "shared 2", "any", "exact"] }
}

/** Many queries of one drawn ranking: the same few over and over. */
const many = (ranking: Ranking, times: number, shared: boolean): Ranking => {
  const order = new Int32Array(new (shared ? SharedArrayBuffer : ArrayBuffer)(4 * times * ranking.order.length))
  for (let i = 0; i < times; i++) order.set(ranking.order, i * ranking.order.length)
  const queries = Int32Array.from({ length: times * ranking.to }, (_, i) => ranking.gallery.queries[i % ranking.to])
  return { ...ranking, gallery: { ...ranking.gallery, queries }, to: times * ranking.to, order }
}

describe("measuring", () => {
  effect(
    "is the same by one thread and by three, from shared memory and from other; none takes what is no full order",
    () =>
      Effect.gen(function* () {
        const [drawn] = fc.sample(rankings, { numRuns: 1, seed: 5 })
        const prepared = prepare(many(drawn, 7, false).gallery, plan)
        const done: Array<number> = []
        const add = (queries: number) => void done.push(queries)
        const alone = yield* (yield* counter(prepared, 1, add))(many(drawn, 7, false))
        expect(alone.rows.length).toBe(7 * drawn.to)
        yield* (yield* counter(prepared, 3, add))(many(drawn, 7, true))
        expect(done.reduce((sum, queries) => sum + queries, 0)).toBe(14 * drawn.to)
        const count = yield* counter(prepared, 3)
        for (const shared of [true, false]) expect(yield* count(many(drawn, 7, shared))).toEqual(alone)
        const error = yield* Effect.flip(count({ ...drawn, order: drawn.order.slice(1) }))
        expect(error.message).toMatch(/ranks are not \d+ orders of \d+ database images/)
      })
  )

  effect("takes threads where there is much to measure, and leave to", () =>
    Effect.gen(function* () {
      const threads = (queries: number, database: number, all: number) =>
        measuringThreads(queries, database).pipe(Effect.provideService(Threads, all))
      expect(yield* threads(100, 1000, 8)).toBe(1)
      expect(yield* threads(10_000, 5_999, 8)).toBe(1)
      expect(yield* threads(10_000, 6_000, 8)).toBe(8)
      expect(yield* threads(10_000, 10_000, 8)).toBe(8)
      expect(yield* threads(10_000, 10_000, 1)).toBe(1)
      expect(yield* threads(10_000, 10_000, 64)).toBe(16)
      expect(yield* threads(9, 10 ** 8, 8)).toBe(2)
    })
  )
})
