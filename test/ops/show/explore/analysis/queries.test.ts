/** The pass of queries, compared with plain loops on small archives. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { averagePrecision } from "../../../../../src/ops/measure/metrics/average-precision.ts"
import { interpolated, type Labelled, passOf } from "../../../../../src/ops/show/explore/analysis/queries.ts"
import { FULL, UNKNOWN } from "../../../../../src/ops/show/explore/kit/figures.ts"
import { random } from "../../../../../src/pipeline/random.ts"

const drawn = (count: number, classes: number, seed: number): Labelled => {
  const draw = random(seed, 0, 0, "archive")
  const dim = 5
  const rows = new Float32Array(count * dim)
  for (let i = 0; i < count; i++) {
    const row = Array.from({ length: dim }, () => draw.normal())
    const length = Math.hypot(...row)
    rows.set(
      row.map((value) => value / length),
      i * dim
    )
  }
  const labels = Uint8Array.from({ length: count * classes }, () => draw.int(2))
  const split = Int8Array.from({ length: count }, () => draw.int(3) - 1)
  return { count, dim, rows, classes, labels, split }
}

const labelsOf = ({ classes, labels }: Labelled, i: number) => [...labels.subarray(i * classes, (i + 1) * classes)]
const dot = ({ dim, rows }: Labelled, a: number, b: number) => {
  let sum = 0
  for (let k = 0; k < dim; k++) sum += rows[a * dim + k] * rows[b * dim + k]
  return sum
}
/** All others, best first. */
const ranked = (all: Labelled, query: number) =>
  [...Array(all.count).keys()].filter((i) => i !== query).sort((a, b) => dot(all, query, b) - dot(all, query, a))

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

  it("finds the nearest pairs, and the nearest of two splits", () => {
    const all = drawn(30, 2, 5)
    const pass = passOf(
      all,
      Int32Array.from({ length: 30 }, (_, i) => i)
    )
    const pairs = [...Array(30).keys()].flatMap((a) => [...Array(a).keys()].map((b) => [b, a, dot(all, a, b)] as const))
    const best = pairs.reduce((one, other) => (other[2] > one[2] ? other : one))
    expect(pass.pairs[0].slice(0, 2)).toEqual(best.slice(0, 2))
    const apart = pairs.filter(([a, b]) => all.split[a] >= 0 && all.split[b] >= 0 && all.split[a] !== all.split[b])
    const nearest = apart.reduce((one, other) => (other[2] > one[2] ? other : one))
    expect(pass.across[0].slice(0, 2)).toEqual(nearest.slice(0, 2))
    expect(pass.across.every(([a, b]) => all.split[a] !== all.split[b])).toBe(true)
  })

  it("doubts a label that all neighbours contradict", () => {
    const all = drawn(24, 1, 3)
    // Two groups in opposite directions; the first image of each has the label of the other.
    for (let i = 0; i < 24; i++) {
      const row = Float32Array.of(i < 12 ? 1 : -1, i / 1000, 0, 0, 0)
      all.rows.set(
        row.map((value) => value / Math.hypot(...row)),
        i * 5
      )
      all.labels[i] = i < 12 ? 1 : 0
    }
    all.labels[0] = 0
    all.labels[12] = 1
    const { doubts } = passOf(
      all,
      Int32Array.from({ length: 24 }, (_, i) => i)
    )
    expect(doubts).toEqual([
      { image: 0, label: 0, has: false, share: 1 },
      { image: 12, label: 0, has: true, share: 0 }
    ])
  })
})

it("precision is interpolated as in the textbook", () => {
  // Relevant at ranks 1 and 4: precision 1 up to recall 0.5, then 0.5.
  expect([...interpolated([0, 3])]).toEqual([...Array(11).fill(1), ...Array(10).fill(0.5)])
  expect(interpolated([1])[0]).toBe(0.5)
})
