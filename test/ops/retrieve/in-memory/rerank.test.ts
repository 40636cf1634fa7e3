import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { augmentDatabase, expandQueries, kReciprocal } from "../../../../src/ops/retrieve/in-memory/rerank.ts"
import { augmented, expanded, kReciprocal as naive, plain, type Vector } from "../rerank/naive.ts"

const dim = 4

/** Rows drawn from a generator: no two are so alike that rounding decides which is nearer. */
const drawn = (rows: number, seed: number): ReadonlyArray<Vector> => {
  let state = seed >>> 0
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.fround(state / 2 ** 31 - 1)
  }
  return Array.from({ length: rows }, () => Array.from({ length: dim }, next))
}

const flat = (rows: ReadonlyArray<Vector>) => Float32Array.from(rows.flat())
const near = (found: ArrayLike<number>, expected: Vector) => {
  expect(found).toHaveLength(expected.length)
  expected.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 5)
  })
}
const sides = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 3, max: 8 }), fc.nat(1e6))
const depth = fc.integer({ min: 1, max: 3 })
const alpha = fc.constantFrom(0, 1, 3)

describe("re-ranking in memory", () => {
  it("expands queries as a naive loop does", () => {
    fc.assert(
      fc.property(sides, depth, alpha, ([q, n, seed], k, power) => {
        const all = drawn(q + n, seed)
        const [queries, database] = [all.slice(0, q), all.slice(q)]
        const expected = queries.map((query) =>
          expanded(
            query,
            plain(query, database)
              .slice(0, k)
              .map((at) => database[at]),
            power
          )
        )
        near(expandQueries(flat(queries), flat(database), { dim, k, alpha: power }), expected.flat())
      })
    )
  })

  it("augments the database as a naive loop does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(1e6), depth, alpha, (n, seed, k, power) => {
        const database = drawn(n, seed)
        near(augmentDatabase(flat(database), { dim, k, alpha: power }), augmented(database, k, power).flat())
      })
    )
  })

  it("gives the final distances of a naive k-reciprocal encoding, for even and odd k1", () => {
    fc.assert(
      fc.property(sides, depth, depth, fc.constantFrom(0, 0.3, 1), ([q, n, seed], k1, k2, lambda) => {
        const all = drawn(q + n, seed)
        const [queries, database] = [all.slice(0, q), all.slice(q)]
        const { order, scores, top } = kReciprocal(flat(queries), flat(database), { dim, k1, k2, lambda })
        const expected = naive(queries, database, k1, k2, lambda)
        expect(top).toBe(n)
        expected.forEach((distances, query) => {
          const places = [...order.subarray(query * n, (query + 1) * n)]
          expect(places.toSorted((a, b) => a - b)).toEqual([...distances.keys()])
          near(
            scores.subarray(query * n, (query + 1) * n),
            places.map((at) => -distances[at])
          )
        })
      })
    )
  })
})
