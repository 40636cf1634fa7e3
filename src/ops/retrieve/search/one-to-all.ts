/** One vector against all others. */
import type { Embeddings } from "../../elements.ts"
import { type Similarity, similarityOf, squares } from "../similarity.ts"

/** Sums of squares of all vectors, float64 [images], in double precision; not finite where a vector is not. */
export const squaresOf = (batches: ReadonlyArray<Embeddings>): Float64Array => {
  const out = new Float64Array(batches.reduce((sum, { size }) => sum + size, 0))
  let image = 0
  for (const { dim, size, vectors } of batches) {
    for (let i = 0; i < size; i++) out[image++] = squares(vectors.subarray(i * dim, (i + 1) * dim))
  }
  return out
}

/** Rows at once: so many additions that do not wait for each other keep a processor busy. */
const ROWS = 8

/** Inner products of a query with eight rows of a matrix, each summed in the order of the dimensions. */
const eightInto = (query: Float64Array, vectors: Float32Array, from: number, into: Float64Array, at: number): void => {
  const d = query.length
  const [r1, r2, r3, r4, r5, r6, r7] = [1, 2, 3, 4, 5, 6, 7].map((row) => from + row * d)
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let s4 = 0
  let s5 = 0
  let s6 = 0
  let s7 = 0
  for (let k = 0; k < d; k++) {
    const value = query[k]
    s0 += vectors[from + k] * value
    s1 += vectors[r1 + k] * value
    s2 += vectors[r2 + k] * value
    s3 += vectors[r3 + k] * value
    s4 += vectors[r4 + k] * value
    s5 += vectors[r5 + k] * value
    s6 += vectors[r6 + k] * value
    s7 += vectors[r7 + k] * value
  }
  into.set([s0, s1, s2, s3, s4, s5, s6, s7], at)
}

/** Inner products of a query with all rows of a matrix, the first to `into[at]`. */
const productsInto = (query: Float64Array, vectors: Float32Array, rows: number, into: Float64Array, at: number) => {
  const d = query.length
  const even = rows - (rows % ROWS)
  for (let row = 0; row < even; row += ROWS) eightInto(query, vectors, row * d, into, at + row)
  for (let row = even; row < rows; row++) {
    let sum = 0
    for (let k = 0; k < d; k++) sum += vectors[row * d + k] * query[k]
    into[at + row] = sum
  }
}

/**
 * Similarities of one vector with all others, in double precision, rounded once. One pass over the vectors: as fast as
 * memory gives them.
 *
 * @param query float32 [d]
 * @param squared of all vectors, from `squaresOf`; `dot` needs none
 * @returns float32 [images]; not finite where a vector is not, or is zero and compared by `cosine`
 */
export const similaritiesWith = (
  query: Float32Array,
  batches: ReadonlyArray<Embeddings>,
  by: Similarity,
  squared: Float64Array | undefined
): Float32Array => {
  const products = new Float64Array(batches.reduce((sum, { size }) => sum + size, 0))
  const wide = Float64Array.from(query)
  let image = 0
  for (const { size, vectors } of batches) {
    productsInto(wide, vectors, size, products, image)
    image += size
  }
  const out = new Float32Array(products)
  if (squared === undefined) return out
  const own = squares(query)
  for (let i = 0; i < out.length; i++) {
    out[i] =
      by === "cosine" ? products[i] / Math.sqrt(own * squared[i]) : similarityOf(by, products[i], own, squared[i])
  }
  return out
}
