/** Similarities of some queries with the whole database, by tiles. */
import { Effect } from "effect"
import { ITEM_TILE, QUERY_TILE } from "./blocks.ts"
import type { Sides } from "./gather.ts"
import type { Held, Product } from "./product.ts"
import { similarityOf } from "./similarity.ts"

/** Similarities of the queries [from, to): float32 [to - from, database]. */
export interface Scores {
  readonly from: number
  readonly to: number
  readonly values: Float32Array
}

/** Queries of one tile on the engine. */
interface QueryTile {
  readonly from: number
  readonly to: number
  readonly held: Held
}

const hold = ({ queries }: Sides, product: Product, from: number, to: number): ReadonlyArray<QueryTile> => {
  const tiles: Array<QueryTile> = []
  for (let at = from; at < to; at += QUERY_TILE) {
    const end = Math.min(to, at + QUERY_TILE)
    tiles.push({ from: at, to: end, held: product(queries.read(at, end), end - at, queries.dim) })
  }
  return tiles
}

/** Writes the products of one tile, [items, queries], to the rows of the queries. */
const place = (sides: Sides, scores: Scores, tile: QueryTile, products: Float32Array, item: number, items: number) => {
  const { by, database, gallery, queries } = sides
  const n = gallery.database.length
  const width = tile.to - tile.from
  const squaredItems =
    by === "l2" ? Float64Array.from({ length: items }, (_, i) => database.squared(item + i)) : undefined
  for (let column = 0; column < width; column++) {
    const at = (tile.from - scores.from + column) * n + item
    if (squaredItems === undefined) {
      for (let i = 0; i < items; i++) scores.values[at + i] = products[i * width + column]
      continue
    }
    const squaredQuery = queries.squared(tile.from + column)
    for (let i = 0; i < items; i++) {
      scores.values[at + i] = similarityOf(by, products[i * width + column], squaredQuery, squaredItems[i])
    }
  }
}

/**
 * Computes the scores of the queries [from, to). May be interrupted after every tile; what is on the engine is then freed.
 *
 * @param from a multiple of `QUERY_TILE`
 */
export const scoresOf = (sides: Sides, product: Product, from: number, to: number): Effect.Effect<Scores> =>
  Effect.acquireUseRelease(
    Effect.sync(() => hold(sides, product, from, to)),
    Effect.fnUntraced(function* (tiles) {
      const n = sides.gallery.database.length
      const scores: Scores = { from, to, values: new Float32Array((to - from) * n) }
      for (let item = 0; item < n; item += ITEM_TILE) {
        const items = Math.min(n, item + ITEM_TILE) - item
        const vectors = sides.database.read(item, item + items)
        for (const tile of tiles) {
          place(sides, scores, tile, tile.held.times(vectors, items), item, items)
          yield* Effect.yieldNow
        }
      }
      return scores
    }),
    (tiles) =>
      Effect.sync(() => {
        for (const { held } of tiles) held.release()
      })
  )
