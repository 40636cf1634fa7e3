/** The nearest neighbours of each of many images. */
import { Effect } from "effect"
import type { Sides } from "../rank/gather.ts"
import type { Product } from "../rank/product.ts"
import type { Vectors } from "../rank/vectors.ts"
import { topOf } from "../search/top.ts"
import { eachRow, type Precision } from "./reorder.ts"

/** Nearest neighbours of some images, within the same images. */
export interface Neighbours {
  /** Number of neighbours of each image; smaller than requested if there are fewer images. */
  readonly k: number
  /** Rows, nearest first, ties by ascending row: int32 [images, k]. An image is usually its own nearest. */
  readonly rows: Int32Array
  /** Least cosine of each image with any other, float64 [images]. */
  readonly least: Float64Array
}

/** All images on both sides. */
const both = (vectors: Vectors): Sides => {
  const database = Int32Array.from({ length: vectors.count }, (_, i) => i)
  const gallery = { names: [], classes: [], labels: new Uint8Array(0), queries: database, database }
  return { gallery, by: "cosine", queries: vectors, database: vectors }
}

/** Positions of the scores that satisfy a condition, ascending. */
const those = (scores: Float32Array, picked: (score: number) => boolean): Int32Array => {
  const found: Array<number> = []
  for (let at = 0; at < scores.length; at++) if (picked(scores[at])) found.push(at)
  return Int32Array.from(found)
}

const exactly = ({ exact }: Precision, positions: Int32Array): Float64Array => {
  const into = new Float64Array(positions.length)
  exact(positions, into)
  return into
}

/** Positions of the k greatest cosines. Cosines that single precision cannot separate are compared in double precision. */
const nearestOf = (scores: Float32Array, k: number, precision: Precision): Int32Array => {
  const best = topOf(scores, k)
  const bound = scores[best[k - 1]] - 2 * precision.tie
  const candidates = those(scores, (score) => score >= bound)
  return topOf(exactly(precision, candidates), k).map((at) => candidates[at])
}

const leastOf = (scores: Float32Array, precision: Precision): number => {
  const bound = scores.reduce((a, b) => Math.min(a, b)) + 2 * precision.tie
  const candidates = those(scores, (score) => score <= bound)
  return exactly(precision, candidates).reduce((a, b) => Math.min(a, b))
}

/**
 * The nearest neighbours of each image, and its least cosine.
 *
 * @param vectors L2-normalised rows
 * @param wanted number of neighbours per image, including the image itself
 */
export const neighboursOf = Effect.fnUntraced(function* (vectors: Vectors, wanted: number, product: Product) {
  const { count } = vectors
  const k = Math.min(wanted, count)
  const found: Neighbours = {
    k,
    rows: new Int32Array(count * k),
    least: new Float64Array(count)
  }
  yield* eachRow(both(vectors), product, 0, count, (row, scores, precision) =>
    Effect.sync(() => {
      found.rows.set(nearestOf(scores, k, precision), row * k)
      found.least[row] = leastOf(scores, precision)
    })
  )
  return found
})
