/** Ranking of vectors that are in memory, in double precision, without a tensor engine: for small archives and browsers. */

import { topOf } from "../search/top.ts"
import type { Similarity } from "../similarity.ts"

/** Options of `rank`. */
export interface RankOptions {
  /** Length of a vector. */
  readonly dim: number
  /** What makes two vectors similar; `cosine` by default. */
  readonly by?: Similarity
  /** Number of results per query; by default all. */
  readonly top?: number
}

/** The best results of each query, row by row. */
export interface Ranked {
  /** Number of results per query. */
  readonly top: number
  /** Database rows, most similar first, ties by ascending row: int32 [queries, top]. */
  readonly order: Int32Array
  /** Their similarities, float64 [queries, top]. For `l2` the negative Euclidean distance. */
  readonly scores: Float64Array
}

/** Number of rows of a row-major matrix. */
export const rowsIn = (matrix: Float32Array, dim: number): number => {
  if (Number.isInteger(dim) && dim > 0 && matrix.length % dim === 0) return matrix.length / dim
  throw new RangeError(`${matrix.length} values are not rows of ${dim}: check \`dim\``)
}

const innerProduct = (a: Float32Array, b: Float32Array): number => {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k]
  return sum
}

const distance = (a: Float32Array, b: Float32Array): number => {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += (a[k] - b[k]) ** 2
  return Math.sqrt(sum)
}

/** The function that compares two vectors. */
const comparing = (by: Similarity): ((a: Float32Array, b: Float32Array) => number) => {
  if (by === "dot") return innerProduct
  if (by === "l2") return (a, b) => -distance(a, b)
  return (a, b) => innerProduct(a, b) / Math.sqrt(innerProduct(a, a) * innerProduct(b, b))
}

/**
 * Ranks a database for each query by exact similarity, in double precision.
 *
 * @param queries float32 [q, dim], row-major
 * @param database float32 [n, dim], row-major
 * @throws RangeError if a matrix has no whole rows, or if similarities are not finite (a zero vector has no cosine)
 * @example
 * const database = Float32Array.of(1, 0, 0, 1, 1, 1)
 * rank(Float32Array.of(2, 0), database, { dim: 2 }).order // => Int32Array.of(0, 2, 1)
 * rank(Float32Array.of(2, 0), database, { dim: 2, by: "l2", top: 1 }).scores // => Float64Array.of(-1)
 */
export const rank = (
  queries: Float32Array,
  database: Float32Array,
  { dim, by = "cosine", top: wanted = Number.POSITIVE_INFINITY }: RankOptions
): Ranked => {
  const [q, n] = [rowsIn(queries, dim), rowsIn(database, dim)]
  const top = Math.min(wanted, n)
  const similarity = comparing(by)
  const order = new Int32Array(q * top)
  const scores = new Float64Array(q * top)
  const row = (matrix: Float32Array, at: number) => matrix.subarray(at * dim, (at + 1) * dim)
  for (let query = 0; query < q; query++) {
    const all = Float64Array.from({ length: n }, (_, at) => similarity(row(queries, query), row(database, at)))
    const odd = all.findIndex((score) => !Number.isFinite(score))
    if (odd >= 0) throw new RangeError(`query ${query} and database row ${odd} have no finite ${by} similarity`)
    const best = topOf(all, top)
    order.set(best, query * top)
    for (let i = 0; i < top; i++) scores[query * top + i] = all[best[i]]
  }
  return { top, order, scores }
}
