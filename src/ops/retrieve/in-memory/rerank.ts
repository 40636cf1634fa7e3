/** Re-ranking of vectors in memory, with the operators' formulas but without a tensor engine. */
import { expandInto } from "../rerank/expansion.ts"
import {
  encode,
  invert,
  jaccardDistances,
  meanEncoding,
  neighboursNeeded,
  relativeDistance
} from "../rerank/reciprocal.ts"
import { topOf } from "../search/top.ts"
import { normaliseRows } from "../unit-length.ts"
import { type Ranked, rank, rowsIn } from "./rank.ts"

/** Options of query expansion and database-side augmentation. */
export interface ExpansionOptions {
  /** Length of a vector. */
  readonly dim: number
  /** Number of results that are added. */
  readonly k: number
  /** Power of the cosine that weights a result; 0, the default, weights all results equally. */
  readonly alpha?: number
}

const rowAt = (matrix: Float32Array, dim: number, at: number): Float32Array => matrix.subarray(at * dim, (at + 1) * dim)

const unit = (matrix: Float32Array, dim: number): Float32Array => normaliseRows(matrix.slice(), dim)

/**
 * Query expansion (Chum et al., ICCV 2007; weighted by Radenović et al., TPAMI 2019): each query plus its k best results,
 * scaled to length 1. Rank again with the returned vectors.
 *
 * @param queries float32 [q, dim]
 * @param database float32 [n, dim]
 * @returns float32 [q, dim], each of length 1
 * @example
 * const expanded = expandQueries(Float32Array.of(1, 0), Float32Array.of(0, 1), { dim: 2, k: 1 })
 * expanded // => Float32Array.of(Math.SQRT1_2, Math.SQRT1_2)
 */
export const expandQueries = (
  queries: Float32Array,
  database: Float32Array,
  { alpha = 0, dim, k }: ExpansionOptions
): Float32Array => {
  const [own, all] = [unit(queries, dim), unit(database, dim)]
  const { order, top } = rank(own, all, { dim, by: "dot", top: k })
  const expanded = new Float32Array(own.length)
  for (let query = 0; query < rowsIn(own, dim); query++) {
    const near = Array.from(order.subarray(query * top, (query + 1) * top), (at) => rowAt(all, dim, at))
    expandInto(rowAt(own, dim, query), near, alpha, expanded, query * dim)
  }
  return expanded
}

/**
 * Database-side augmentation (Turcot and Lowe 2009; Arandjelović and Zisserman, CVPR 2012): each vector plus its k nearest
 * others, scaled to length 1.
 *
 * @param database float32 [n, dim]
 * @returns float32 [n, dim], each of length 1
 */
export const augmentDatabase = (database: Float32Array, { alpha = 0, dim, k }: ExpansionOptions): Float32Array => {
  const all = unit(database, dim)
  const { order, top } = rank(all, all, { dim, by: "dot", top: k + 1 })
  const augmented = new Float32Array(all.length)
  for (let row = 0; row < rowsIn(all, dim); row++) {
    const near = Array.from(order.subarray(row * top, (row + 1) * top)).filter((at) => at !== row)
    const vectors = near.slice(0, k).map((at) => rowAt(all, dim, at))
    expandInto(rowAt(all, dim, row), vectors, alpha, augmented, row * dim)
  }
  return augmented
}

/** Options of `kReciprocal`; the defaults are the paper's. */
export interface ReciprocalOptions {
  /** Length of a vector. */
  readonly dim: number
  /** Number of nearest neighbours tested for reciprocity. */
  readonly k1?: number
  /** Number of neighbours over which an encoding is averaged. */
  readonly k2?: number
  /** Weight of the vector distance in the final distance. */
  readonly lambda?: number
}

/**
 * k-reciprocal encoding (Zhong et al., CVPR 2017): ranks the database by a mix of the Jaccard distance of neighbourhoods
 * and the vector distance. A query's order depends on the other queries. Time and memory grow with the square of the
 * number of vectors.
 *
 * @param queries float32 [q, dim]
 * @param database float32 [n, dim]
 * @returns the whole database per query; scores are negative final distances
 */
export const kReciprocal = (
  queries: Float32Array,
  database: Float32Array,
  { dim, k1 = 20, k2 = 6, lambda = 0.3 }: ReciprocalOptions
): Ranked => {
  const [q, n] = [rowsIn(queries, dim), rowsIn(database, dim)]
  const all = new Float32Array(queries.length + database.length)
  all.set(queries)
  all.set(database, queries.length)
  normaliseRows(all, dim)
  const sorted = rank(all, all, { dim })
  const cosines = (image: number): Float64Array => {
    const into = new Float64Array(q + n)
    for (let i = 0; i < q + n; i++) into[sorted.order[image * (q + n) + i]] = sorted.scores[image * (q + n) + i]
    return into
  }
  const k = Math.min(neighboursNeeded(k1, k2), q + n)
  const rows = new Int32Array((q + n) * k)
  const least = new Float64Array(q + n)
  for (let image = 0; image < q + n; image++) {
    rows.set(sorted.order.subarray(image * (q + n), image * (q + n) + k), image * k)
    least[image] = sorted.scores[(image + 1) * (q + n) - 1]
  }
  const near = { k, rows, least }
  const own = Array.from({ length: q + n }, (_, image) => {
    const exact = cosines(image)
    return encode(near, image, k1, (others) => Float64Array.from(others, (other) => exact[other]))
  })
  const means = k2 === 1 ? own : own.map((_, image) => meanEncoding(own, near, image, k2))
  const columns = invert(means.slice(q))
  const order = new Int32Array(q * n)
  const scores = new Float64Array(q * n)
  for (let query = 0; query < q; query++) {
    const exact = cosines(query).subarray(q)
    const jaccard = jaccardDistances(means[query], columns, n)
    const final = exact.map(
      (cosine, at) => -((1 - lambda) * jaccard[at] + lambda * relativeDistance(cosine, least[query]))
    )
    const best = topOf(final, n)
    order.set(best, query * n)
    for (let i = 0; i < n; i++) scores[query * n + i] = final[best[i]]
  }
  return { top: n, order, scores }
}
