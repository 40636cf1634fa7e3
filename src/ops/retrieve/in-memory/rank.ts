/** Ranking of vectors in memory, in double precision, without a tensor engine: for small archives and browsers. */
import { exactInto, givenRow, givenSquared } from "../rank/exact.ts"
import { rowsOf } from "../rank/vectors.ts"
import { topOf } from "../search/top.ts"

/** Options of `rank`. */
export interface RankOptions {
  /** Length of a vector. */
  readonly dim: number
  /** Similarity of two vectors: `cosine`, the default, `dot`, or `l2` for the negative Euclidean distance. */
  readonly by?: "cosine" | "dot" | "l2"
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
  throw new RangeError(`${matrix.length} values do not form rows of ${dim}: check \`dim\``)
}

/**
 * Ranks a database for each query by exact similarity, in double precision.
 *
 * @param queries float32 [q, dim], row-major
 * @param database float32 [n, dim], row-major
 * @throws RangeError if a matrix is not made of whole rows, or if a similarity is not finite (a zero vector has no cosine)
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
  const order = new Int32Array(q * top)
  const scores = new Float64Array(q * top)
  const [asked, given] = [rowsOf(queries, dim).given, rowsOf(database, dim).given]
  const rows = Int32Array.from({ length: n }, (_, row) => row)
  const all = new Float64Array(n)
  for (let query = 0; query < q; query++) {
    const vector = Float64Array.from(givenRow(asked, query))
    exactInto(by, vector, givenSquared(asked, query), given, rows, all)
    const odd = all.findIndex((score) => !Number.isFinite(score))
    if (odd >= 0) throw new RangeError(`query ${query} and database row ${odd} have no finite ${by} similarity`)
    const best = topOf(all, top)
    order.set(best, query * top)
    for (let i = 0; i < top; i++) scores[query * top + i] = all[best[i]]
  }
  return { top, order, scores }
}
