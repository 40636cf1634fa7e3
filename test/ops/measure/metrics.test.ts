import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { averageCumulativeGain } from "../../../src/ops/measure/metrics/acg.ts"
import { averagePrecision, withoutJunk } from "../../../src/ops/measure/metrics/average-precision.ts"
import { normalisedDiscountedCumulativeGain } from "../../../src/ops/measure/metrics/ndcg.ts"
import { precisionAt } from "../../../src/ops/measure/metrics/precision.ts"
import { weightedAveragePrecision } from "../../../src/ops/measure/metrics/wap.ts"
import { reference } from "../../reference.ts"
import * as naive from "./naive.ts"

interface ApCases {
  readonly kappas: ReadonlyArray<number>
  readonly cases: ReadonlyArray<{
    readonly positives: ReadonlyArray<number>
    readonly num_positives: number
    readonly junk: ReadonlyArray<number>
    readonly ap?: number | null
    readonly p_at?: ReadonlyArray<number> | null
    readonly error?: string
    /** 1 where nothing is relevant. */
    readonly empty: 0 | 1
  }>
  readonly compute_ap: ReadonlyArray<{
    readonly ranks: ReadonlyArray<number>
    readonly nres: number
    readonly ap: number
  }>
}
const { cases, compute_ap, kappas } = reference<ApCases>("ap-cases.json")

const near = (found: number | null, expected: number) => {
  expect(found).not.toBeNull()
  expect(Math.abs((found as number) - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected))
}

describe("average precision and precision, reference cases", () => {
  it.each(cases.map((one, i) => ({ ...one, i })))(
    "case $i",
    ({ ap, empty, error, junk, num_positives, p_at, positives }) => {
      const positions = withoutJunk(positives, junk)
      if (error !== undefined) {
        expect(() => averagePrecision(positions, num_positives)).toThrow(
          `average precision: none of ${num_positives} relevant images is in the ranking. Rank the whole database, or leave the query out.`
        )
      } else if (ap === null || ap === undefined) {
        expect(empty).toBe(1)
        expect(averagePrecision(positions, num_positives)).toBeNull()
        expect(precisionAt(positions, kappas[0])).toBeNull()
      } else {
        expect(empty).toBe(0)
        near(averagePrecision(positions, num_positives), ap)
        kappas.forEach((k, i) => {
          near(precisionAt(positions, k), p_at?.[i] ?? Number.NaN)
        })
      }
    }
  )

  it.each(compute_ap.map((one, i) => ({ ...one, i })))("area $i", ({ ap, nres, ranks }) => {
    near(averagePrecision(ranks, nres), ap)
  })
})

const hits = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }).filter((list) => list.includes(true))
const shared = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 60 })
const positionsOf = (list: ReadonlyArray<boolean>) => list.flatMap((hit, rank) => (hit ? [rank] : []))
const ap = (list: ReadonlyArray<boolean>) => {
  const positions = positionsOf(list)
  return averagePrecision(positions, positions.length) as number
}

describe("measures against a naive second implementation", () => {
  it("average precision and precision", () => {
    fc.assert(
      fc.property(hits, fc.integer({ min: 1, max: 70 }), (list, k) => {
        expect(ap(list)).toBeCloseTo(naive.averagePrecision(list), 12)
        expect(precisionAt(positionsOf(list), k)).toBeCloseTo(naive.precision(list, k), 12)
      })
    )
  })

  it("ACG, nDCG and wAP", () => {
    fc.assert(
      fc.property(shared, fc.nat(), (list, pick) => {
        const k = 1 + (pick % list.length)
        expect(averageCumulativeGain(list, k)).toBeCloseTo(naive.acg(list, k), 12)
        expect(normalisedDiscountedCumulativeGain(list, k)).toBeCloseTo(naive.ndcg(list, k), 12)
        expect(weightedAveragePrecision(list, k)).toBeCloseTo(naive.wap(list, k), 12)
      })
    )
  })
})

describe("properties of the measures", () => {
  it("stay from 0 to 1", () => {
    fc.assert(
      fc.property(hits, shared, fc.integer({ min: 1, max: 70 }), (list, counts, k) => {
        for (const value of [ap(list), precisionAt(positionsOf(list), k) as number]) {
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1)
        }
        const ndcg = normalisedDiscountedCumulativeGain(counts, Math.min(k, counts.length))
        expect(ndcg).toBeGreaterThanOrEqual(0)
        expect(ndcg).toBeLessThan(1)
      })
    )
  })

  it("give 1 to a perfect ranking", () => {
    fc.assert(
      fc.property(hits, shared, fc.integer({ min: 1, max: 70 }), (list, counts, k) => {
        const best = list.toSorted((a, b) => Number(b) - Number(a))
        expect(ap(best)).toBe(1)
        expect(precisionAt(positionsOf(best), k)).toBe(1)
        const sorted = counts.toSorted((a, b) => b - a)
        if (sorted[0] > 0) expect(normalisedDiscountedCumulativeGain(sorted, sorted.length)).toBeCloseTo(1, 5)
      })
    )
  })

  it("never lower average precision or nDCG when a better image moves up one place", () => {
    fc.assert(
      fc.property(hits, shared, (list, counts) => {
        for (let i = 0; i + 1 < list.length; i++) {
          if (list[i] || !list[i + 1]) continue
          const swapped = list.with(i, true).with(i + 1, false)
          expect(ap(swapped)).toBeGreaterThanOrEqual(ap(list))
        }
        for (let i = 0; i + 1 < counts.length; i++) {
          if (counts[i] >= counts[i + 1]) continue
          const swapped = counts.with(i, counts[i + 1]).with(i + 1, counts[i])
          const ndcg = normalisedDiscountedCumulativeGain
          expect(ndcg(swapped, counts.length)).toBeGreaterThanOrEqual(ndcg(counts, counts.length))
        }
      })
    )
  })

  it("never rise when irrelevant images are appended", () => {
    fc.assert(
      fc.property(hits, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 70 }), (list, more, k) => {
        const longer = [...list, ...new Array<boolean>(more).fill(false)]
        expect(ap(longer)).toBe(ap(list))
        expect(precisionAt(positionsOf(longer), k)).toBeLessThanOrEqual(precisionAt(positionsOf(list), k) as number)
      })
    )
  })

  it("are 0 where nothing is shared", () => {
    expect(averageCumulativeGain([0, 0, 0], 3)).toBe(0)
    expect(normalisedDiscountedCumulativeGain([0, 0, 0], 3)).toBe(0)
    expect(weightedAveragePrecision([0, 0, 0], 3)).toBe(0)
  })
})
