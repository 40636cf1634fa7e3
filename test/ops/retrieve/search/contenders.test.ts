/** Rows that a search compares in double precision: the k best of them are the k best of all. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bestRows } from "../../../../src/ops/retrieve/index/scan.ts"
import { exactInto } from "../../../../src/ops/retrieve/rank/exact.ts"
import { givenOf } from "../../../../src/ops/retrieve/rank/vectors.ts"
import { contenders } from "../../../../src/ops/retrieve/search/contenders.ts"
import type { Similarity } from "../../../../src/ops/retrieve/similarity.ts"
import { squares } from "../../../../src/ops/retrieve/unit-length.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { runs } from "../../../runs.ts"

/** Just enough values for a selection. */
const VALUES = 2 ** 20

type Kind = "spread" | "close" | "equal"

/** Vectors that are far apart, nearly equal, or of few different values so that many are tied. */
const drawn = (kind: Kind, count: number, dim: number, seed: number): Float32Array => {
  const { int, next } = random(seed, 0, 0, "vectors")
  if (kind === "spread") return Float32Array.from({ length: count * dim }, () => 2 * next() - 1)
  const few = Array.from({ length: 3 }, () => Float32Array.from({ length: dim }, next))
  const out = new Float32Array(count * dim)
  for (let row = 0; row < count; row++) {
    const one = few[kind === "close" ? 0 : int(3)]
    out.set(kind === "close" ? one.map((value) => value + 1e-6 * next()) : one, row * dim)
  }
  return out
}

/** Two matrices, so that rows are not all adjacent. */
const givenIn = (vectors: Float32Array, dim: number) => {
  const half = dim * Math.floor(vectors.length / dim / 2)
  const batches = [vectors.subarray(0, half), vectors.subarray(half)].map((part) => ({
    dim,
    size: part.length / dim,
    vectors: part
  }))
  return givenOf(
    batches,
    Int32Array.from({ length: vectors.length / dim }, (_, row) => row)
  )
}

const scoresOf = (by: Similarity, query: Float32Array, given: ReturnType<typeof givenIn>, rows: Int32Array) => {
  const scores = new Float64Array(rows.length)
  exactInto(by, Float64Array.from(query), squares(query), given, rows, scores)
  return scores
}

const asked = fc.record({
  by: fc.constantFrom<Similarity>("cosine", "dot", "l2"),
  kind: fc.constantFrom<Kind>("spread", "close", "equal"),
  dim: fc.constantFrom(512, 1000, 1023),
  seed: fc.nat(1000),
  k: fc.integer({ min: 1, max: 20 }),
  /** Every such row is left out, as by a filter. */
  without: fc.constantFrom(0, 2, 7)
})

describe("contenders", () => {
  it("hold the best of all rows, ties by position", () => {
    fc.assert(
      fc.property(asked, ({ by, dim, k, kind, seed, without }) => {
        const count = 2 * Math.ceil(VALUES / dim)
        const given = givenIn(drawn(kind, count, dim, seed), dim)
        const query = drawn("spread", 1, dim, seed + 1)
        const all = Int32Array.from({ length: count }, (_, row) => row)
        const rows = without === 0 ? all : all.filter((row) => row % without > 0)
        const found = contenders(by, query, squares(query), given, rows, k)
        const best = bestRows(found, scoresOf(by, query, given, found), k)
        expect(best).toEqual(bestRows(rows, scoresOf(by, query, given, rows), k))
      }),
      runs(12)
    )
  })

  it("are few where vectors differ", () => {
    const count = VALUES / 512
    const given = givenIn(drawn("spread", count, 512, 1), 512)
    const all = Int32Array.from({ length: count }, (_, row) => row)
    for (const by of ["cosine", "dot", "l2"] as const) {
      const query = drawn("spread", 1, 512, 2)
      expect(contenders(by, query, squares(query), given, all, 10).length).toBeLessThan(20)
    }
  })

  it("hold every row whose similarity cannot be computed, and rows of any length", () => {
    const count = VALUES / 512
    const query = drawn("spread", 1, 512, 4)
    for (const by of ["cosine", "dot", "l2"] as const) {
      const vectors = drawn("spread", count, 512, 3)
      const scaled = (row: number, by: number) => {
        for (let k = 0; k < 512; k++) vectors[row * 512 + k] = query[k] * by
      }
      vectors[5 * 512 + 100] = Number.NaN
      vectors[700 * 512] = Number.POSITIVE_INFINITY
      for (const [row, factor] of [
        [800, 1e38],
        [900, 1e19],
        [1000, 1e-30],
        [1100, 1e-44],
        [1200, 1]
      ] as const) {
        scaled(row, factor)
      }
      const given = givenIn(vectors, 512)
      const all = Int32Array.from({ length: count }, (_, row) => row)
      const scores = scoresOf(by, query, given, all)
      const found = contenders(by, query, squares(query), given, all, 3)
      const bad = all.filter((row) => !Number.isFinite(Math.fround(scores[row])))
      expect(bad.length).toBeGreaterThanOrEqual(2)
      expect([...found]).toEqual(expect.arrayContaining([...bad]))
      const sound = (rows: Int32Array) => rows.filter((row) => !bad.includes(row))
      expect(bestRows(sound(found), scoresOf(by, query, given, sound(found)), 3)).toEqual(
        bestRows(sound(all), scoresOf(by, query, given, sound(all)), 3)
      )
    }
  })
})
