/** Similarities of some queries with the whole database, computed tile by tile. */
import { Effect } from "effect"
import { similarityOf } from "../similarity.ts"
import { ITEM_TILE, QUERY_TILE } from "./blocks.ts"
import { exactSides, type Sides } from "./gather.ts"
import { type ExactSides, measuredError } from "./near-ties.ts"
import type { Held, Product } from "./product.ts"

/** Similarities of the queries [from, to): float32 [to - from, database]. */
export interface Scores {
  readonly from: number
  readonly to: number
  readonly values: Float32Array
  /** Largest relative error in a sample of them, from `measuredError`. */
  readonly error: number
}

/** Memory for the scores of q queries with n images. Worker threads can read it if it is `shared`. */
export const emptyScores = (q: number, n: number, shared: boolean): Float32Array =>
  new Float32Array(shared ? new SharedArrayBuffer(4 * q * n) : new ArrayBuffer(4 * q * n))

/** The queries of one tile, on the engine. */
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

/**
 * Writes the transpose of [items, width] to rows that are `stride` apart. Four columns are written at once, because one read
 * brings all four into the cache.
 */
const transposeInto = (
  products: Float32Array,
  items: number,
  width: number,
  into: Float32Array,
  at: number,
  stride: number
): void => {
  const even = width - (width % 4)
  for (let column = 0; column < even; column += 4) {
    const a = at + column * stride
    const b = a + stride
    const c = b + stride
    const d = c + stride
    for (let i = 0, from = column; i < items; i++, from += width) {
      into[a + i] = products[from]
      into[b + i] = products[from + 1]
      into[c + i] = products[from + 2]
      into[d + i] = products[from + 3]
    }
  }
  for (let column = even; column < width; column++) {
    const row = at + column * stride
    for (let i = 0; i < items; i++) into[row + i] = products[i * width + column]
  }
}

/** Writes the products of one tile, [items, queries], to the score rows of its queries. */
const place = (
  sides: Sides,
  scores: Pick<Scores, "from" | "values">,
  tile: QueryTile,
  products: Float32Array,
  item: number,
  items: number
) => {
  const { by, database, gallery, queries } = sides
  const n = gallery.database.length
  const width = tile.to - tile.from
  const at = (tile.from - scores.from) * n + item
  transposeInto(products, items, width, scores.values, at, n)
  if (by !== "l2") return
  for (let column = 0; column < width; column++) {
    const squaredQuery = queries.squared(tile.from + column)
    const row = scores.values.subarray(at + column * n, at + column * n + items)
    for (let i = 0; i < items; i++) row[i] = similarityOf(by, row[i], squaredQuery, database.squared(item + i))
  }
}

/**
 * Computes the scores of the queries [from, to). It can be interrupted after every tile; the engine's memory is then freed.
 *
 * @param from a multiple of `QUERY_TILE`
 * @param room memory for the scores, float32 [at least to - from, database]; allocated by default
 * @param exact `exactSides(sides)`, if the caller already has it
 */
export const scoresOf = (
  sides: Sides,
  product: Product,
  from: number,
  to: number,
  room?: Float32Array,
  exact: ExactSides = exactSides(sides)
): Effect.Effect<Scores> =>
  Effect.acquireUseRelease(
    Effect.sync(() => hold(sides, product, from, to)),
    Effect.fnUntraced(function* (tiles) {
      const n = sides.gallery.database.length
      const values = room ?? emptyScores(to - from, n, false)
      // Allocating memory for every tile would take longer than the copy itself.
      const tile = new Float32Array(Math.min(n, ITEM_TILE) * sides.database.dim)
      for (let item = 0; item < n; item += ITEM_TILE) {
        const items = Math.min(n, item + ITEM_TILE) - item
        const vectors = sides.database.read(item, item + items, tile)
        for (const asked of tiles) {
          place(sides, { from, values }, asked, asked.held.times(vectors, items), item, items)
          yield* Effect.yieldNow
        }
      }
      return { from, to, values, error: measuredError(exact, from, to, values) }
    }),
    (tiles) =>
      Effect.sync(() => {
        for (const { held } of tiles) held.release()
      })
  )
