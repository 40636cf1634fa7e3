/** One vector against all others. */
import type { Embeddings } from "../elements.ts"
import { type Similarity, similarityOf, squares } from "./similarity.ts"

/**
 * Inner product with the query, and sum of squares, of one row; four sums each, so that additions do not wait for each
 * other.
 */
const against = (query: Float64Array, vectors: Float32Array, from: number, into: Float64Array): void => {
  const d = query.length
  const even = d - (d % 4)
  let a = 0
  let b = 0
  let c = 0
  let e = 0
  let aa = 0
  let bb = 0
  let cc = 0
  let ee = 0
  for (let k = 0; k < even; k += 4) {
    const w = vectors[from + k]
    const x = vectors[from + k + 1]
    const y = vectors[from + k + 2]
    const z = vectors[from + k + 3]
    a += w * query[k]
    b += x * query[k + 1]
    c += y * query[k + 2]
    e += z * query[k + 3]
    aa += w * w
    bb += x * x
    cc += y * y
    ee += z * z
  }
  for (let k = even; k < d; k++) {
    a += vectors[from + k] * query[k]
    aa += vectors[from + k] * vectors[from + k]
  }
  into[0] = a + b + (c + e)
  into[1] = aa + bb + (cc + ee)
}

/**
 * Similarities of one vector with all others, in double precision, rounded once.
 *
 * @param query float32 [d]
 * @returns float32 [images]; not finite where a vector is not, or is zero and compared by `cosine`
 */
export const similaritiesWith = (
  query: Float32Array,
  batches: ReadonlyArray<Embeddings>,
  by: Similarity
): Float32Array => {
  const out = new Float32Array(batches.reduce((sum, { size }) => sum + size, 0))
  const wide = Float64Array.from(query)
  const squared = squares(query)
  const found = new Float64Array(2)
  let image = 0
  for (const { dim, size, vectors } of batches) {
    for (let i = 0; i < size; i++) {
      against(wide, vectors, i * dim, found)
      const [product, own] = found
      // For distances the difference is wanted, not the inner product's rounding: both are doubles here.
      out[image++] = by === "cosine" ? product / Math.sqrt(squared * own) : similarityOf(by, product, squared, own)
    }
  }
  return out
}
