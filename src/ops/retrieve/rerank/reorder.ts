/** Ranks a block of queries again, with other vectors. */
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import type { Ranking } from "../../elements.ts"
import { QUERY_TILE } from "../rank/blocks.ts"
import { type Given, givenSquared } from "../rank/exact.ts"
import { exactSides, type Sides } from "../rank/gather.ts"
import { type Exact, exactOf, settle, tieOf, trustedError } from "../rank/near-ties.ts"
import { scratch } from "../rank/order.ts"
import type { Product } from "../rank/product.ts"
import { emptyBlock, rankInto } from "../rank/rank-block.ts"
import { type Scores, scoresOf } from "../rank/scores.ts"
import type { Vectors } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"

/** Number of queries whose scores are held at once. */
const AT_ONCE = 2 * QUERY_TILE

/**
 * The queries of a block at their positions among all queries, with zeros elsewhere. A vector then has the same position in
 * its tile for every block size, so the block size changes no digit.
 */
const inPlace = (block: Float32Array, from: number, count: number, dim: number): Vectors => {
  const to = from + block.length / dim
  const inside = (row: number) => row >= from && row < to
  const given: Given = {
    dim,
    matrices: [block],
    matrix: new Int32Array(count),
    at: Float64Array.from({ length: count }, (_, row) => (inside(row) ? (row - from) * dim : 0)),
    squared: Float64Array.from({ length: count }, (_, row) => (inside(row) ? Number.NaN : 0))
  }
  const read = (begin: number, end: number): Float32Array => {
    const out = new Float32Array((end - begin) * dim)
    const [first, last] = [Math.max(begin, from), Math.min(end, to)]
    if (first < last) out.set(block.subarray((first - from) * dim, (last - from) * dim), (first - begin) * dim)
    return out
  }
  return { count, dim, read, squared: (row) => givenSquared(given, row), given }
}

/** The two sides of a block of queries [from, from + queries.length / dim) out of `count`. */
export const sidesOf = (
  gallery: Ranking["gallery"],
  from: number,
  count: number,
  queries: Float32Array,
  database: Vectors
): Sides => ({ gallery, by: "cosine", queries: inPlace(queries, from, count, database.dim), database })

/** The data that decide near ties of one query. */
export interface Precision {
  /** Half the difference below which two cosines of the query are a near tie. */
  readonly tie: number
  /** Cosines with some database images, in double precision. */
  readonly exact: Exact
}

/** Computes the inner products of the rows [from, to), a few tiles at a time, and calls `use` with each row. */
export const eachRow = Effect.fnUntraced(function* <E>(
  sides: Sides,
  product: Product,
  from: number,
  to: number,
  use: (row: number, scores: Float32Array, precision: Precision) => Effect.Effect<void, E>
) {
  const { count: n, dim } = sides.database
  const precise = exactSides(sides)
  for (let begin = from - (from % QUERY_TILE); begin < to; begin += AT_ONCE) {
    // Whole tiles, but only those with rows of the block.
    const end = Math.min(sides.queries.count, begin + AT_ONCE, QUERY_TILE * Math.ceil(to / QUERY_TILE))
    const scores: Scores = yield* scoresOf(sides, product, begin, end, undefined, precise)
    const error = trustedError(dim, scores.error, sides.queries.count * n * dim)
    for (let row = Math.max(from, begin); row < Math.min(to, end); row++) {
      const precision = { tie: tieOf(precise, row, error), exact: exactOf(precise, row) }
      yield* use(row, scores.values.subarray((row - begin) * n, (row - begin + 1) * n), precision)
    }
    yield* Effect.yieldNow
  }
})

/**
 * Ranks the same queries with other vectors.
 *
 * @param queries float32 [to - from, dim], L2-normalised
 * @param database database vectors, L2-normalised
 */
export const reorder = Effect.fnUntraced(function* (
  { from, gallery, to }: Ranking,
  product: Product,
  queries: Float32Array,
  database: Vectors
) {
  const n = gallery.database.length
  const block = emptyBlock(to - from, n)
  const memory = scratch(n)
  const sides = sidesOf(gallery, from, gallery.queries.length, queries, database)
  yield* eachRow(sides, product, from, to, (row, scores, { exact, tie }) =>
    attempt(RetrieveError)(() => {
      rankInto(block, row - from, scores, memory)
      const part = [(row - from) * n, (row - from + 1) * n] as const
      settle(block.order.subarray(...part), block.scores.subarray(...part), tie, false, exact)
    })
  )
  return block
})
