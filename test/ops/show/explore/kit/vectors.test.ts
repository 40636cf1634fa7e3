import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bytesFrom, packBits, textFrom, unpackBits } from "../../../../../src/ops/show/explore/kit/base64.ts"
import { hasSimd, kernelOf } from "../../../../../src/ops/show/explore/kit/kernel.ts"
import { best, GAMMA, queryOf } from "../../../../../src/ops/show/explore/kit/query.ts"
import {
  BYTES,
  type Coding,
  coded,
  cosines,
  rowOf,
  type Vectors,
  valuesOf
} from "../../../../../src/ops/show/explore/kit/vectors.ts"

const value = fc.integer({ min: -64, max: 64 }).map((one) => one / 8)
const matrix = fc
  .record({ rows: fc.integer({ min: 1, max: 9 }), dim: fc.integer({ min: 1, max: 6 }) })
  .chain(({ dim, rows }) =>
    fc.record({
      dim: fc.constant(dim),
      rows: fc.array(fc.array(value, { minLength: dim, maxLength: dim }), { minLength: rows, maxLength: rows })
    })
  )

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => a.reduce((sum, one, k) => sum + one * b[k], 0)
const cosine = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => {
  const length = Math.sqrt(dot(a, a) * dot(b, b))
  return length === 0 ? 0 : dot(a, b) / length
}

/** Vectors in two pieces, through base64, as a page gets them. */
const loaded = (rows: ReadonlyArray<ReadonlyArray<number>>, dim: number, coding: Coding): Vectors => {
  const half = Math.ceil(rows.length / 2)
  const pieces = [rows.slice(0, half), rows.slice(half)]
    .filter((some) => some.length > 0)
    .map((some) => {
      const text = textFrom(coded(Float32Array.from(some.flat()), dim, coding))
      return { rows: some.length, values: valuesOf(bytesFrom(text), coding) }
    })
  return { count: rows.length, dim, coding, pieces }
}

describe("cosines", () => {
  it.each(["float32", "int16", "int8"] as const)("of %s are those of a plain loop", (coding) => {
    fc.assert(
      fc.property(matrix, ({ dim, rows }) => {
        const vectors = loaded(rows, dim, coding)
        const query = rows[0]
        fc.pre(dot(query, query) > 0)
        const found = cosines(vectors, Float64Array.from(query))
        // A code is wrong by half a step of the largest value at most.
        const bound = coding === "float32" ? 1e-12 : (dim / (coding === "int16" ? 32767 : 127)) * 1.5
        rows.forEach((row, i) => {
          expect(Math.abs(found[i] - cosine(query, row))).toBeLessThanOrEqual(bound)
        })
      })
    )
  })

  it("rows come back as they were given, and the last one is the last", () => {
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6]
    ]
    const vectors = loaded(rows, 2, "float32")
    expect(rows.map((_, i) => [...rowOf(vectors, i)])).toEqual(rows)
    expect(() => rowOf(vectors, 3)).toThrow("there is no image 3")
    expect(BYTES).toEqual({ float32: 4, int16: 2, int8: 1 })
  })
})

describe("queries", () => {
  it("are Rocchio's formula of directions, written out", () => {
    const like = [Float64Array.of(3, 4), Float64Array.of(0, 2)]
    const unlike = [Float64Array.of(5, 0)]
    // Directions (0.6, 0.8), (0, 1) and (1, 0).
    expect([...queryOf(like, unlike)]).toEqual([0.3 - GAMMA, 0.9])
    expect(queryOf([like[0]], [])).toBe(like[0])
    expect([...queryOf([], unlike)]).toEqual([-1, -0])
  })

  it("find the best of those allowed, equal ones in order, without the examples", () => {
    const scores = Float64Array.of(0.5, 0.9, 0.9, 0.1, 0.7)
    expect([...best(scores, undefined, new Set([1]), 3)]).toEqual([2, 4, 0])
    expect([...best(scores, (image) => image !== 2, new Set([1]), 9)]).toEqual([4, 0, 3])
    expect([...scores]).toEqual([0.5, 0.9, 0.9, 0.1, 0.7])
  })
})

it("bits hold labels", () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 1 }), (labels) => {
      const text = textFrom(packBits(labels))
      expect([...unpackBits(bytesFrom(text), labels.length)]).toEqual([...labels])
    })
  )
})

describe("the kernel", () => {
  it("gives the inner products of a plain loop, whatever the dimension, also at the bounds of its integers", () => {
    expect(hasSimd()).toBe(true)
    const code = fc.integer({ min: -128, max: 127 })
    const sizes = fc.record({ rows: fc.integer({ min: 1, max: 5 }), dim: fc.integer({ min: 1, max: 40 }) })
    fc.assert(
      fc.property(
        sizes.chain(({ dim, rows }) =>
          fc.record({
            dim: fc.constant(dim),
            codes: fc.array(code, { minLength: rows * dim, maxLength: rows * dim }),
            query: fc.array(fc.integer({ min: -32767, max: 32767 }), { minLength: dim, maxLength: dim })
          })
        ),
        ({ codes, dim, query }) => {
          const rows = codes.length / dim
          const kernel = kernelOf(Int8Array.from(codes), rows, dim)
          const expected = Array.from({ length: rows }, (_, row) => dot(codes.slice(row * dim, (row + 1) * dim), query))
          expect([...kernel.dots(Int16Array.from(query))]).toEqual(expected)
          expect([...kernel.row(rows - 1)]).toEqual(codes.slice(-dim))
        }
      )
    )
  })

  it("cosines of 2,048 extreme dimensions do not overflow", () => {
    const extreme = Int8Array.from({ length: 2048 }, () => 127)
    const vectors: Vectors = { count: 1, dim: 2048, coding: "int8", pieces: [{ rows: 1, values: extreme }] }
    expect(cosines(vectors, new Float64Array(2048).fill(3))[0]).toBeCloseTo(1, 6)
    expect(cosines(vectors, new Float64Array(2048).fill(-3))[0]).toBeCloseTo(-1, 6)
  })
})
