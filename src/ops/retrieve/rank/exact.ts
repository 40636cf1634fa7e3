/**
 * Similarities in double precision. The tensor engines compute in single precision; if that cannot separate two images,
 * these similarities decide. Used in worker threads, so it does not import Effect.
 */
import type { Similarity } from "../similarity.ts"

/** Rows of several matrices, unchanged and not copied. Plain data, which can be sent to a thread. */
export interface Given {
  readonly dim: number
  /** float32 [rows, dim] each. */
  readonly matrices: ReadonlyArray<Float32Array>
  /** For each row, the number of its matrix. */
  readonly matrix: Int32Array
  /** For each row, the index of its first value in that matrix. */
  readonly at: Float64Array
  /** Sums of squares in double precision; NaN until computed. */
  readonly squared: Float64Array
}

/** Row `row`, as a view. */
export const givenRow = ({ at, dim, matrices, matrix }: Given, row: number): Float32Array =>
  matrices[matrix[row]].subarray(at[row], at[row] + dim)

/** Sum of squares of row `row`, computed on first use. */
export const givenSquared = (given: Given, row: number): number => {
  const { squared } = given
  if (Number.isNaN(squared[row])) {
    let sum = 0
    for (const value of givenRow(given, row)) sum += value * value
    squared[row] = sum
  }
  return squared[row]
}

/** Inner product of a query with one row, summed in the order of the dimensions. */
const product = (query: Float64Array, a: Float32Array, i: number): number => {
  let sum = 0
  for (let k = 0; k < query.length; k++) sum += query[k] * a[i + k]
  return sum
}

/** Squared Euclidean distance of a query and one row, summed in the order of the dimensions. */
const squaredDistance = (query: Float64Array, a: Float32Array, i: number): number => {
  let sum = 0
  for (let k = 0; k < query.length; k++) {
    const difference = query[k] - a[i + k]
    sum += difference * difference
  }
  return sum
}

/** Inner products with four rows at once: the four sums are independent, which keeps the processor busy. */
const fourProducts = (query: Float64Array, { at, matrices, matrix }: Given, rows: Int32Array, r: number) => {
  const [a, b, c, d] = [rows[r], rows[r + 1], rows[r + 2], rows[r + 3]]
  const [ma, mb, mc, md] = [matrices[matrix[a]], matrices[matrix[b]], matrices[matrix[c]], matrices[matrix[d]]]
  const [ia, ib, ic, id] = [at[a], at[b], at[c], at[d]]
  let s = 0
  let t = 0
  let u = 0
  let v = 0
  for (let k = 0; k < query.length; k++) {
    const value = query[k]
    s += value * ma[ia + k]
    t += value * mb[ib + k]
    u += value * mc[ic + k]
    v += value * md[id + k]
  }
  return [s, t, u, v] as const
}

const productsInto = (query: Float64Array, given: Given, rows: Int32Array, into: Float64Array): void => {
  const even = rows.length - (rows.length % 4)
  for (let r = 0; r < even; r += 4) into.set(fourProducts(query, given, rows, r), r)
  for (let r = even; r < rows.length; r++)
    into[r] = product(query, given.matrices[given.matrix[rows[r]]], given.at[rows[r]])
}

/**
 * Computes the similarities of one query with some rows. Sums run in double precision in the order of the dimensions, so
 * each similarity depends only on its two vectors.
 *
 * @param query the vector, [dim]; it need not be normalised
 * @param own its sum of squares; only `cosine` uses it
 * @param rows numbers of the rows, int32 [m]
 * @param into receives the similarities, float64 [m]; for `l2` the negative distances
 */
export const exactInto = (
  by: Similarity,
  query: Float64Array,
  own: number,
  given: Given,
  rows: Int32Array,
  into: Float64Array
): void => {
  if (by === "l2") {
    for (let r = 0; r < rows.length; r++) {
      into[r] = -Math.sqrt(squaredDistance(query, given.matrices[given.matrix[rows[r]]], given.at[rows[r]]))
    }
    return
  }
  productsInto(query, given, rows, into)
  if (by === "dot") return
  for (let r = 0; r < rows.length; r++) into[r] /= Math.sqrt(own * givenSquared(given, rows[r]))
}
