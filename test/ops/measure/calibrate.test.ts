import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Ranking } from "../../../src/ops/elements.ts"
import { calibrate } from "../../../src/ops/measure/calibrate.ts"
import { addCounts, countsOf, noCounts, scoreOf, thresholdAt } from "../../../src/ops/measure/calibration.ts"
import { Run } from "../../../src/ops/run.ts"
import { effect } from "../../effect.ts"
import { fakeRun } from "../fake-run.ts"

const pairs = fc.array(fc.record({ step: fc.integer({ min: 0, max: 399 }), relevant: fc.boolean() }), {
  minLength: 1,
  maxLength: 40
})

/** Counts of pairs that lie in the middle of their bins, in any order. */
const counted = (drawn: ReadonlyArray<{ readonly step: number; readonly relevant: boolean }>) =>
  countsOf(
    Float32Array.from(drawn, ({ step }) => scoreOf(step) + 0.0025),
    (rank) => drawn[rank].relevant
  )

describe("a threshold at a precision", () => {
  it("is the lowest that reaches it, as trying every score finds it", () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(0.25, 0.5, 0.75, 1), (drawn, precision) => {
        const tried = [...new Set(drawn.map(({ step }) => step))].sort((a, b) => a - b)
        const at = (step: number) => drawn.filter((one) => one.step >= step)
        const hits = (some: typeof drawn) => some.filter(({ relevant }) => relevant).length
        const lowest = tried.find((step) => hits(at(step)) >= precision * at(step).length)
        const found = thresholdAt(counted(drawn), precision, 2)
        if (lowest === undefined) {
          expect(found).toEqual({ threshold: null, recall: null, results: null })
          return
        }
        const all = hits(drawn)
        expect(found.threshold).toBe(scoreOf(lowest))
        expect(found.results).toBe(at(lowest).length / 2)
        expect(found.recall).toBe(all === 0 ? null : hits(at(lowest)) / all)
      })
    )
  })

  it("does not depend on how pairs are divided among queries", () => {
    fc.assert(
      fc.property(pairs, pairs, (first, second) => {
        const both = noCounts()
        addCounts(both, counted(first))
        addCounts(both, counted(second))
        expect(both).toEqual(counted([...first, ...second]))
      })
    )
  })
})

/** Two queries: scores from 0.9 down, relevant down to 0.7 and to 0.8. */
const ranking: Ranking = {
  kind: "ranking",
  gallery: {
    names: ["q0", "q1", "a", "b", "c", "d"],
    classes: ["x", "y"],
    labels: Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1),
    queries: Int32Array.of(0, 1),
    database: Int32Array.of(2, 3, 4, 5)
  },
  from: 0,
  to: 2,
  order: Int32Array.of(0, 1, 2, 3, 2, 0, 3, 1),
  scores: Float32Array.of(0.902, 0.702, 0.502, 0.302, 0.902, 0.802, 0.602, 0.102)
}
const run = (given: Ranking, params: object = {}) =>
  calibrate.run(
    { relation: "exact", precisions: [0.6, 1], resamples: 50, to: "calibration", ...params },
    {
      expect: () => {}
    }
  )(Stream.make(given) as never) as unknown as Stream.Stream<Ranking, Error, Run>

describe("calibrate", () => {
  effect("writes thresholds, their intervals and the curve, and hands rankings on", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const passed = yield* Stream.runCollect(run(ranking)).pipe(Effect.provideService(Run, fake.run))
      expect(passed).toEqual([ranking])
      const { curve, queries, thresholds } = JSON.parse(readFileSync(join(fake.folder, "calibration.json"), "utf8"))
      expect(queries).toBe(2)
      // Of the six pairs from 0.502 up, four are relevant; of the two from 0.9 up, both.
      expect(thresholds[0]).toMatchObject({ precision: 0.6, threshold: 0.5, recall: 1, results: 3 })
      expect(thresholds[1]).toMatchObject({ precision: 1, threshold: 0.9, recall: 0.5, results: 1 })
      for (const { interval } of thresholds) expect(interval[0]).toBeLessThanOrEqual(interval[1])
      expect(curve.map(({ score }: { score: number }) => score)).toEqual([0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
      expect(fake.said[0]).toBe("Thresholds at a precision (exact), over all pairs of 2 queries:")
      expect(fake.said[2]).toMatch(/^ {2}precision 1: score 0\.900 \[.*\], recall 0\.500, 1\.0 results per query$/)
    })
  )

  effect("refuses scores that are no similarities from -1 to 1", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const far = { ...ranking, scores: ranking.scores.map((score) => score * 10) }
      const error = yield* Effect.flip(Stream.runDrain(run(far)).pipe(Effect.provideService(Run, fake.run)))
      expect(error.message).toBe(
        "calibrate: needs similarities from -1 to 1, but some scores are outside. Rank by cosine."
      )
    })
  )
})
