/** Ranks a block of queries again, by other vectors. */
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import type { Ranking } from "../../elements.ts"
import { QUERY_TILE } from "../rank/blocks.ts"
import type { Sides } from "../rank/gather.ts"
import { scratch } from "../rank/order.ts"
import type { Product } from "../rank/product.ts"
import { emptyBlock, rankInto } from "../rank/rank-block.ts"
import { type Scores, scoresOf } from "../rank/scores.ts"
import type { Vectors } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"

/** Queries whose scores are held at once. */
const AT_ONCE = 2 * QUERY_TILE

/**
 * The queries of a block at their places among all of them, zeros elsewhere: a vector then meets the engine at the same
 * place of a tile whatever the size of blocks, so that it changes no digit.
 */
const inPlace = (block: Float32Array, from: number, count: number, dim: number): Vectors => ({
  count,
  dim,
  read: (begin, end) => {
    const out = new Float32Array((end - begin) * dim)
    const first = Math.max(begin, from)
    const last = Math.min(end, from + block.length / dim)
    if (first < last) out.set(block.subarray((first - from) * dim, (last - from) * dim), (first - begin) * dim)
    return out
  },
  squared: () => Number.NaN
})

/** The two sides of a block of queries [from, from + queries.length / dim) out of `count`. */
export const sidesOf = (
  gallery: Ranking["gallery"],
  from: number,
  count: number,
  queries: Float32Array,
  database: Vectors
): Sides => ({ gallery, by: "cosine", queries: inPlace(queries, from, count, database.dim), database })

/** Inner products of the rows [from, to), a few tiles at a time, each row handed to `use` as float32 [database]. */
export const eachRow = Effect.fnUntraced(function* <E>(
  sides: Sides,
  product: Product,
  from: number,
  to: number,
  use: (row: number, scores: Float32Array) => Effect.Effect<void, E>
) {
  const n = sides.database.count
  for (let begin = from - (from % QUERY_TILE); begin < to; begin += AT_ONCE) {
    // Whole tiles, but none that holds no row of the block.
    const end = Math.min(sides.queries.count, begin + AT_ONCE, QUERY_TILE * Math.ceil(to / QUERY_TILE))
    const scores: Scores = yield* scoresOf(sides, product, begin, end)
    for (let row = Math.max(from, begin); row < Math.min(to, end); row++) {
      yield* use(row, scores.values.subarray((row - begin) * n, (row - begin + 1) * n))
    }
    yield* Effect.yieldNow
  }
})

/**
 * The ranking of the same queries by other vectors.
 *
 * @param queries float32 [to - from, dim], L2-normalised
 * @param database of the database, L2-normalised
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
  yield* eachRow(sides, product, from, to, (row, scores) =>
    attempt(RetrieveError)(() => rankInto(block, row - from, scores, memory))
  )
  return block
})
