import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rank } from "../../../../src/ops/retrieve/in-memory/rank.ts"

const dim = 3
// Small whole numbers: inner products and squared distances are exact, so equal similarities are equal.
const vector = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: dim, maxLength: dim })
const someVectors = fc.array(
  vector.filter((values) => values.some((value) => value !== 0)),
  { minLength: 1, maxLength: 9 }
)
const flat = (rows: ReadonlyArray<ReadonlyArray<number>>) => Float32Array.from(rows.flat())

const sum = (values: ReadonlyArray<number>) => values.reduce((a, b) => a + b, 0)
const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => sum(a.map((value, k) => value * b[k]))
const naive = {
  dot,
  l2: (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => -Math.sqrt(sum(a.map((value, k) => (value - b[k]) ** 2))),
  cosine: (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

describe("ranking in memory", () => {
  it.each(["cosine", "dot", "l2"] as const)("by %s is the order of a naive loop, cut to `top`", (by) => {
    fc.assert(
      fc.property(someVectors, someVectors, fc.integer({ min: 1, max: 12 }), (queries, database, top) => {
        const found = rank(flat(queries), flat(database), { dim, by, top })
        const expected = queries.map((query) => {
          const scores = database.map((one) => naive[by](query, one))
          const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, top)
          return { order, scores: order.map((at) => scores[at]) }
        })
        expect(found.top).toBe(Math.min(top, database.length))
        expect([...found.order]).toEqual(expected.flatMap(({ order }) => order))
        expect([...found.scores]).toEqual(expected.flatMap(({ scores }) => scores))
      })
    )
  })

  it("is `cosine` and of all images by default", () => {
    const [queries, database] = [Float32Array.of(1, 0, 0), Float32Array.of(0, 1, 0, 9, 0, 0, 1, 1, 0)]
    expect(rank(queries, database, { dim })).toEqual(rank(queries, database, { dim, by: "cosine", top: 3 }))
    expect([...rank(queries, database, { dim }).order]).toEqual([1, 2, 0])
  })

  it("refuses matrices without whole rows, and vectors that have no similarity", () => {
    expect(() => rank(new Float32Array(4), new Float32Array(3), { dim })).toThrow("4 values do not form rows of 3")
    expect(() => rank(new Float32Array(3), new Float32Array(3), { dim: 0 })).toThrow("check `dim`")
    expect(() => rank(Float32Array.of(1, 0, 0), new Float32Array(3), { dim })).toThrow(
      "query 0 and database row 0 have no finite cosine similarity"
    )
    expect(() => rank(Float32Array.of(1, 0, 0), Float32Array.of(1, Number.NaN, 0), { dim, by: "l2" })).toThrow(
      "finite l2"
    )
  })
})
