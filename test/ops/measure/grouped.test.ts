/** Differences between groups of runs: their mean, interval and corrected p-values. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type GroupValues, groupedDifference, holm, spread } from "../../../src/ops/measure/grouped.ts"
import { pairedDifferences } from "../../../src/ops/measure/paired.ts"
import { random } from "../../../src/pipeline/random.ts"

const options = { seed: 3, resamples: 400, paired: true }

/** Figures of some runs: a part of each query, one of each run, and noise. */
const runs = (count: number, queries: number, shift: number, byRun: number, key: string): GroupValues => {
  const query = random(1, 0, 0, "queries")
  const hard = Array.from({ length: queries }, () => query.normal())
  return Array.from({ length: count }, (_, run) => {
    const { normal } = random(2, 0, run, key)
    const own = byRun * normal()
    return Float64Array.from(hard, (value) => value + shift + own + 0.1 * normal())
  })
}

describe("the difference of two groups", () => {
  it("is the difference of their means, whatever the number of runs", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (n, m) => {
        const [a, b] = [runs(n, 30, 0, 0.1, "a"), runs(m, 30, 0.5, 0.1, "b")]
        const mean = (group: GroupValues) =>
          group.reduce((sum, run) => sum + run.reduce((total, x) => total + x, 0) / run.length, 0) / group.length
        const found = groupedDifference(a, b, { ...options, paired: false, resamples: 20 })
        expect(found?.mean).toBeCloseTo(mean(b) - mean(a), 12)
        const back = groupedDifference(b, a, { ...options, paired: false, resamples: 20 })
        expect(back?.mean).toBeCloseTo(mean(a) - mean(b), 12)
      }),
      { numRuns: 12 }
    )
  })

  it("has an interval as wide as runs differ, which one run cannot show", () => {
    const [a, b] = [runs(6, 200, 0, 0.3, "a"), runs(6, 200, 0.05, 0.3, "b")]
    const both = groupedDifference(a, b, { ...options, paired: false })
    const [alone] = pairedDifferences([{ first: a[0], second: b[0] }], 3, 400)
    const width = (one: { readonly low: number; readonly high: number } | undefined) =>
      (one?.high ?? Number.NaN) - (one?.low ?? Number.NaN)
    expect(width(both)).toBeGreaterThan(4 * width(alone))
    expect(both?.low).toBeLessThan(0.05)
    expect(both?.high).toBeGreaterThan(0.05)
  })

  it("excludes 0 for a difference that all runs show, and includes it without one", () => {
    const found = groupedDifference(runs(4, 100, 0, 0.02, "a"), runs(4, 100, 0.3, 0.02, "b"), options)
    expect(found?.low).toBeGreaterThan(0.2)
    expect(found?.p).toBeLessThan(0.01)
    const none = groupedDifference(runs(4, 100, 0, 0.2, "a"), runs(4, 100, 0, 0.2, "c"), options)
    expect((none?.low ?? 1) * (none?.high ?? 1)).toBeLessThan(0)
    expect(none?.p).toBeGreaterThan(0.05)
    const same = runs(3, 40, 0, 0.2, "a")
    expect(groupedDifference(same, same, options)).toMatchObject({ mean: 0, low: 0, high: 0, p: 1 })
  })

  it("leaves out queries that do not count in every run", () => {
    const nan = Number.NaN
    const found = groupedDifference([Float64Array.of(1, nan, 3)], [Float64Array.of(2, 5, 4)], options)
    expect(found).toMatchObject({ mean: 1, queries: 2 })
    expect(groupedDifference([Float64Array.of(nan)], [Float64Array.of(1)], options)).toBeUndefined()
    expect(() => groupedDifference([], [Float64Array.of(1)], options)).toThrow(/equally many/)
  })

  it("is the same for the same seed", () => {
    const [a, b] = [runs(3, 20, 0, 0.1, "a"), runs(3, 20, 0, 0.1, "b")]
    expect(groupedDifference(a, b, options)).toEqual(groupedDifference(a, b, options))
    expect(groupedDifference(a, b, { ...options, seed: 4 })).not.toEqual(groupedDifference(a, b, options))
  })
})

describe("Holm's correction", () => {
  it("is that of a worked example", () => {
    // Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1; none below the one before it.
    expect(holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(9)))).toEqual([0.03, 0.06, 0.06, 0.02])
  })

  it("keeps the order, is never below p, and at most n times p", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }), (p) => {
        const adjusted = holm(p)
        p.forEach((value, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(value)
          expect(adjusted[i]).toBeLessThanOrEqual(1)
          p.forEach((other, j) => {
            if (value < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j])
          })
        })
        expect(Math.min(...adjusted)).toBeCloseTo(Math.min(1, p.length * Math.min(...p)), 12)
      })
    )
  })
})

describe("the spread of runs", () => {
  it("is mean and sample deviation of the known values", () => {
    expect(spread([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, deviation: Math.sqrt(32 / 7) })
    expect(spread([3])).toEqual({ mean: 3, deviation: null })
    expect(spread([null])).toEqual({ mean: null, deviation: null })
  })
})
