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
const product = (query: Float64Array, row: Float32Array): number => {
  let sum = 0
  for (let k = 0; k < query.length; k++) sum += query[k] * row[k]
  return sum
}

/** Squared Euclidean distance of a query and one row, summed in the order of the dimensions. */
const squaredDistance = (query: Float64Array, row: Float32Array): number => {
  let sum = 0
  for (let k = 0; k < query.length; k++) {
    const difference = query[k] - row[k]
    sum += difference * difference
  }
  return sum
}

/** Four rows, from `rows[r]` on, as views: an index into a view is an integer, which is several times faster than `at`. */
const fourRows = (given: Given, rows: Int32Array, r: number) =>
  [
    givenRow(given, rows[r]),
    givenRow(given, rows[r + 1]),
    givenRow(given, rows[r + 2]),
    givenRow(given, rows[r + 3])
  ] as const

/** Inner products with four rows at once: the four sums are independent, which keeps the processor busy. */
const fourProducts = (query: Float64Array, given: Given, rows: Int32Array, r: number, into: Float64Array): void => {
  const [a, b, c, d] = fourRows(given, rows, r)
  let [s, t, u, v] = [0, 0, 0, 0]
  for (let k = 0; k < query.length; k++) {
    const value = query[k]
    s += value * a[k]
    t += value * b[k]
    u += value * c[k]
    v += value * d[k]
  }
  into[r] = s
  into[r + 1] = t
  into[r + 2] = u
  into[r + 3] = v
}

/** Squared Euclidean distances of four rows at once, like `fourProducts`. */
const fourDistances = (query: Float64Array, given: Given, rows: Int32Array, r: number, into: Float64Array): void => {
  const [a, b, c, d] = fourRows(given, rows, r)
  let [s, t, u, v] = [0, 0, 0, 0]
  for (let k = 0; k < query.length; k++) {
    const value = query[k]
    const [x, y, z, w] = [value - a[k], value - b[k], value - c[k], value - d[k]]
    s += x * x
    t += y * y
    u += z * z
    v += w * w
  }
  into[r] = s
  into[r + 1] = t
  into[r + 2] = u
  into[r + 3] = v
}

const distancesInto = (query: Float64Array, given: Given, rows: Int32Array, into: Float64Array): void => {
  const even = rows.length - (rows.length % 4)
  for (let r = 0; r < even; r += 4) fourDistances(query, given, rows, r, into)
  for (let r = even; r < rows.length; r++) into[r] = squaredDistance(query, givenRow(given, rows[r]))
  for (let r = 0; r < rows.length; r++) into[r] = -Math.sqrt(into[r])
}

const productsInto = (query: Float64Array, given: Given, rows: Int32Array, into: Float64Array): void => {
  const even = rows.length - (rows.length % 4)
  for (let r = 0; r < even; r += 4) fourProducts(query, given, rows, r, into)
  for (let r = even; r < rows.length; r++) into[r] = product(query, givenRow(given, rows[r]))
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
    distancesInto(query, given, rows, into)
    return
  }
  productsInto(query, given, rows, into)
  if (by === "dot") return
  for (let r = 0; r < rows.length; r++) into[r] /= Math.sqrt(own * givenSquared(given, rows[r]))
}
