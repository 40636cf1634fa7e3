/** Product quantisation and its k-means beside naive loops. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { kMeans, nearestCentre } from "../../../../src/ops/retrieve/quantise/k-means.ts"
import {
  boundsOf,
  fitCodebook,
  productCodes,
  productScores,
  productTable,
  productVectors
} from "../../../../src/ops/retrieve/quantise/product.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { runs } from "../../../runs.ts"

const drawn = (count: number, seed: number) => Float32Array.from({ length: count }, random(seed, 0, 0, "points").normal)
const rowOf = (matrix: Float32Array, row: number, dim: number) => [...matrix.subarray(row * dim, (row + 1) * dim)]
const distance = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0)
/** Sum of squared distances of points from their nearest centres. */
const loss = (points: Float32Array, centres: Float32Array, dim: number) =>
  Array.from({ length: points.length / dim }, (_, row) =>
    Math.min(
      ...Array.from({ length: centres.length / dim }, (_, c) =>
        distance(rowOf(points, row, dim), rowOf(centres, c, dim))
      )
    )
  ).reduce((sum, one) => sum + one, 0)

describe("k-means", () => {
  it("finds separate clusters, whatever is drawn", () => {
    const centres = [0, 10, 20, 30]
    const points = drawn(400, 1).map((value, i) => value * 0.1 + centres[i % 4])
    for (const seed of [1, 2, 3, 4, 5]) {
      const found = [...kMeans(points, 1, 4, 20, random(seed, 0, 0, "test"))].sort((a, b) => a - b)
      found.forEach((centre, i) => {
        expect(centre).toBeCloseTo(centres[i], 1)
      })
    }
  })

  it("never gets worse by more iterations, and ends at means", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 8 }), fc.nat(99), (rows, k, seed) => {
        const points = drawn(rows * 3, seed)
        const after = [0, 1, 2, 50].map((n) => kMeans(points, 3, k, n, random(seed, 0, 0, "test")))
        const losses = after.map((centres) => loss(points, centres, 3))
        losses.slice(1).forEach((one, i) => {
          expect(one).toBeLessThanOrEqual(losses[i] + 1e-5)
        })
        const [last] = after.slice(-1)
        expect(last.length).toBe(3 * Math.min(k, rows))
        const of = Array.from({ length: rows }, (_, row) => nearestCentre(points, row, last, 3))
        for (const c of new Set(of)) {
          const own = Array.from({ length: rows }, (_, row) => row).filter((row) => of[row] === c)
          const mean = [0, 1, 2].map((i) => own.reduce((sum, row) => sum + points[row * 3 + i], 0) / own.length)
          expect(distance(mean, rowOf(last, c, 3))).toBeLessThan(1e-10)
        }
      }),
      runs(40)
    )
  })

  it("accepts points that are all the same", () => {
    expect([...kMeans(new Float32Array(6).fill(2), 2, 3, 5, random(1, 0, 0, "test"))]).toEqual([2, 2, 2, 2, 2, 2])
  })
})

describe("product quantisation", () => {
  it("replaces each part by its nearest centre; tables give the similarity with what codes denote", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }), fc.nat(99), (parts, rows, seed) => {
        const dim = 9
        const vectors = drawn(rows * dim, seed)
        const book = fitCodebook(vectors, dim, parts, 5, seed)
        expect(book.bounds).toEqual(boundsOf(dim, parts))
        const codes = productCodes(book, vectors)
        const decoded = productVectors(book, codes)
        // There are fewer points than centres, so each point is a centre.
        decoded.forEach((value, at) => {
          expect(value).toBeCloseTo(vectors[at], 5)
        })
        const others = drawn(5 * dim, seed + 1)
        const near = productVectors(book, productCodes(book, others))
        for (let row = 0; row < 5; row++) {
          const best = Math.min(
            ...Array.from({ length: rows }, (_, one) =>
              distance(
                rowOf(others, row, dim).slice(0, book.bounds[1]),
                rowOf(vectors, one, dim).slice(0, book.bounds[1])
              )
            )
          )
          const first = (matrix: Float32Array) => rowOf(matrix, row, dim).slice(0, book.bounds[1])
          expect(distance(first(others), first(near))).toBeCloseTo(best, 5)
        }
        const query = drawn(dim, seed + 2)
        const all = Int32Array.from({ length: rows }, (_, row) => row)
        const dots = productScores(productTable(book, query, "dot"), codes, all)
        const squares = productScores(productTable(book, query, "l2"), codes, all)
        for (const row of all) {
          const vector = rowOf(decoded, row, dim)
          expect(dots[row]).toBeCloseTo(
            vector.reduce((sum, value, i) => sum + value * query[i], 0),
            5
          )
          expect(squares[row]).toBeCloseTo(-distance(vector, [...query]), 5)
        }
      }),
      runs(30)
    )
  })

  it("refuses more parts than dimensions, and no vectors", () => {
    expect(() => fitCodebook(drawn(8, 1), 4, 5, 1, 1)).toThrow("cannot be divided into 5 parts")
    expect(() => fitCodebook(new Float32Array(0), 4, 2, 1, 1)).toThrow("needs vectors")
  })
})
