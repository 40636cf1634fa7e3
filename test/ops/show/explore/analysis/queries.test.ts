/** The pass of queries, compared with plain loops on small archives. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { averagePrecision } from "../../../../../src/ops/measure/metrics/average-precision.ts"
import { interpolated, type Labelled, passOf } from "../../../../../src/ops/show/explore/analysis/queries.ts"
import { FULL, UNKNOWN } from "../../../../../src/ops/show/explore/kit/figures.ts"
import { drawn, ranked } from "./drawn.ts"

const labelsOf = ({ classes, labels }: Labelled, i: number) => [...labels.subarray(i * classes, (i + 1) * classes)]
const apOf = (all: Labelled, query: number, relevant: (other: number) => boolean) => {
  const ranks = ranked(all, query).flatMap((other, rank) => (relevant(other) ? [rank] : []))
  return averagePrecision(ranks, ranks.length)
}

const distance = (all: Labelled, a: number, b: number) => {
  const [x, y] = [labelsOf(all, a), labelsOf(all, b)]
  const union = x.filter((one, c) => one + y[c] > 0).length
  return union === 0 ? 0 : (union - x.filter((one, c) => one * y[c] > 0).length) / union
}

const mean = (values: ReadonlyArray<number | null>) => {
  const known = values.filter((one) => one !== null)
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length
}

describe("the pass of queries", () => {
  it("gives the average precisions of plain loops", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 25 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (count, classes, seed) => {
        const all = drawn(count, classes, seed)
        const queries = Int32Array.from({ length: count }, (_, i) => i)
        const pass = passOf(all, queries)
        const hard = Array.from(queries, (query) => apOf(all, query, (other) => distance(all, query, other) <= 0.2))
        expect([...pass.ap]).toEqual(hard.map((one) => (one === null ? UNKNOWN : Math.round(one * FULL))))
        const curve = pass.curves.find(({ level }) => level === "hard")
        expect(curve?.mean).toBeCloseTo(mean(hard) ?? 0, 6)
        for (let c = 0; c < classes; c++) {
          const having = [...queries].filter((query) => labelsOf(all, query)[c] === 1)
          const expected = mean(having.map((query) => apOf(all, query, (other) => labelsOf(all, other)[c] === 1)))
          if (expected === null) expect(pass.classes[c]).toBeNull()
          else expect(pass.classes[c]).toBeCloseTo(expected, 6)
        }
      }),
      { numRuns: 30 }
    )
  })

  it("gives the nearest images of each query", () => {
    const all = drawn(30, 2, 5)
    const { nearest } = passOf(all, Int32Array.of(3, 8))
    expect([...nearest]).toEqual([...ranked(all, 3).slice(0, 10), ...ranked(all, 8).slice(0, 10)])
  })
})

it("precision is interpolated as in the textbook", () => {
  // Relevant at ranks 1 and 4: precision 1 up to recall 0.5, then 0.5.
  expect([...interpolated([0, 3])]).toEqual([...Array(11).fill(1), ...Array(10).fill(0.5)])
  expect(interpolated([1])[0]).toBe(0.5)
})
