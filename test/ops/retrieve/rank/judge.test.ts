/** Counted ranks equal the ranks after a sort of the whole row. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { judge, type Question, roomFor } from "../../../../src/ops/retrieve/rank/judge.ts"
import { membersOf } from "../../../../src/ops/retrieve/rank/members.ts"
import { runs } from "../../../runs.ts"

/** Images of a row: true scores on a coarse grid, so that there are ties, and the errors of single precision on them. */
const rows = fc
  .record({
    n: fc.integer({ min: 1, max: 120 }),
    sets: fc.integer({ min: 1, max: 6 }),
    tie: fc.constantFrom(1e-7, 1e-4, 0.01, 0.3, 10),
    squared: fc.boolean(),
    outlier: fc.boolean()
  })
  .chain(({ n, outlier, sets, squared, tie }) =>
    fc.record({
      grid: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: n, maxLength: n }),
      errors: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n, maxLength: n }),
      sets: fc.array(fc.nat(sets - 1), { minLength: n, maxLength: n }).map((all) => Uint32Array.from(all)),
      verdicts: fc.array(fc.nat(3), { minLength: sets, maxLength: sets }).map((all) => Int32Array.from(all)),
      depth: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: n })),
      tie: fc.constant(tie),
      squared: fc.constant(squared),
      outlier: fc.constant(outlier)
    })
  )

/** True scores and computed ones, which differ by at most a tie. For distances, the squares do. */
const scoresOf = ({ errors, grid, outlier, squared, tie }: typeof rows extends fc.Arbitrary<infer A> ? A : never) => {
  const value = (at: number) => (outlier && at === 0 ? -1000 : squared ? -grid[at] / 10 - 1 : grid[at] / 10 - 3)
  const exact = Float64Array.from(grid, (_, at) => (squared ? -Math.sqrt(-value(at)) : value(at)))
  const off = (at: number) => value(at) + 0.9 * tie * errors[at] * (tie < 1e-5 ? 0 : 1)
  const computed = Float32Array.from(grid, (_, at) => (squared ? -Math.sqrt(Math.max(0, -off(at))) : off(at)))
  return { exact, computed }
}

/** Checks counted ranks against a sort in double precision. */
const check = (row: Parameters<typeof scoresOf>[0]) => {
  const { computed, exact } = scoresOf(row)
  const { depth, sets, squared, verdicts } = row
  const tie = Math.max(row.tie, 1e-4)
  let asked = 0
  const question: Question = {
    ...{ members: membersOf(sets, verdicts.length), verdicts, depth, tie, squared },
    exact: (positions, into) => {
      asked += positions.length
      positions.forEach((position, i) => {
        into[i] = exact[position]
      })
    }
  }
  const order = [...exact.keys()].sort((a, b) => exact[b] - exact[a] || a - b)
  const judged = judge(computed, question, roomFor(computed.length))
  if (judged === undefined) throw new Error("the scores are finite")
  expect([...judged.images.subarray(0, depth)]).toEqual(order.slice(0, depth))
  expect([...judged.ranks.subarray(0, depth)]).toEqual([...Array(depth).keys()])
  for (const verdict of new Set(verdicts)) {
    if (verdict === 0) continue
    const has = (image: number) => verdicts[sets[image]] === verdict
    const expected = order.flatMap((image, rank) => (has(image) ? [rank] : []))
    expect([...judged.ranks].filter((_, i) => has(judged.images[i]))).toEqual(expected)
  }
  expect(asked).toBeLessThanOrEqual(computed.length)
}

/** Rows that are long enough for several relevant images in one bucket. */
const long = fc.record({
  seed: fc.integer(),
  n: fc.integer({ min: 200, max: 2000 }),
  grid: fc.integer({ min: 1, max: 5000 })
})

describe("counted ranks", () => {
  it("are those of a sort in double precision, in the first places and for each verdict", () => {
    fc.assert(fc.property(rows, check), runs(500))
  })

  it("are those of a sort in double precision in rows of many images", () => {
    fc.assert(
      fc.property(rows, long, (row, { grid, n, seed }) => {
        let state = seed | 0
        const next = (below: number) => {
          state = (Math.imul(state, 1664525) + 1013904223) | 0
          return Math.floor(((state >>> 0) / 2 ** 32) * below)
        }
        const drawn = <A>(make: () => A) => Array.from({ length: n }, make)
        const [scores, errors] = [drawn(() => next(grid)), drawn(() => next(2001) / 1000 - 1)]
        const sets = Uint32Array.from({ length: n }, () => next(row.verdicts.length))
        check({ ...row, grid: scores, errors, sets, depth: Math.min(n, row.depth) })
      }),
      runs(60)
    )
  })

  const alone = (scores: Float32Array, exact: Question["exact"]) =>
    judge(
      scores,
      {
        members: membersOf(
          Uint32Array.from(scores, (_, i) => i % 2),
          2
        ),
        ...{ verdicts: Int32Array.of(0, 1), depth: 0, tie: 0.1, squared: false, exact }
      },
      roomFor(scores.length)
    )
  const never = () => {
    throw new Error("asked")
  }

  it("ask for no exact score where near ties change no figure", () => {
    // Images 1 and 3 are relevant and tie; so do 0 and 2, far below them.
    const judged = alone(Float32Array.of(1, 3, 1.05, 3.05), never)
    expect([...(judged?.ranks ?? [])]).toEqual([0, 1])
    expect([...(judged?.images ?? [])]).toEqual([3, 1])
  })

  it("ask for the exact scores of an image that is relevant and of its near tie alone", () => {
    const asked: Array<number> = []
    alone(Float32Array.of(1, 3, 2.95, 5), (positions, into) => {
      asked.push(...positions)
      into.fill(3)
    })
    expect(asked.sort()).toEqual([1, 2])
  })

  it("refuse scores that are not finite", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(alone(Float32Array.of(1, bad, 2), never)).toBeUndefined()
    }
  })
})
