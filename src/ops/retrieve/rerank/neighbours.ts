/** The nearest neighbours of many images among themselves. */
import { Effect } from "effect"
import type { Sides } from "../rank/gather.ts"
import type { Product } from "../rank/product.ts"
import type { Vectors } from "../rank/vectors.ts"
import { topOf } from "../search/top.ts"
import { eachRow } from "./reorder.ts"

export interface Neighbours {
  /** How many each image has; less than asked for where there are fewer images. */
  readonly k: number
  /** Rows, nearest first, ties by ascending row: int32 [images, k]. An image is usually its own nearest. */
  readonly rows: Int32Array
  /** Their cosines, float32 [images, k]. */
  readonly cosines: Float32Array
  /** The least cosine of each image with any other, float32 [images]. */
  readonly least: Float32Array
}

/** All images on both sides. */
const both = (vectors: Vectors): Sides => {
  const database = Int32Array.from({ length: vectors.count }, (_, i) => i)
  const gallery = { names: [], classes: [], labels: new Uint8Array(0), queries: database, database }
  return { gallery, by: "cosine", queries: vectors, database: vectors }
}

/**
 * @param vectors L2-normalised rows
 * @param wanted neighbours of each, itself among them
 */
export const neighboursOf = Effect.fnUntraced(function* (vectors: Vectors, wanted: number, product: Product) {
  const { count } = vectors
  const k = Math.min(wanted, count)
  const found: Neighbours = {
    k,
    rows: new Int32Array(count * k),
    cosines: new Float32Array(count * k),
    least: new Float32Array(count)
  }
  yield* eachRow(both(vectors), product, 0, count, (row, scores) =>
    Effect.sync(() => {
      const best = topOf(scores, k)
      found.rows.set(best, row * k)
      best.forEach((other, i) => {
        found.cosines[row * k + i] = scores[other]
      })
      let least = Number.POSITIVE_INFINITY
      for (const score of scores) if (score < least) least = score
      found.least[row] = least
    })
  )
  return found
})
