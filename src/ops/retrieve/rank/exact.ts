/**
 * Similarities in double precision. The tensor engines compute in single precision; if that cannot separate two images,
 * these similarities decide. Used in worker threads, so it does not import Effect.
 */
import type { Similarity } from "../similarity.ts"
import { doubleSums, type Kind, ROWS } from "./double-sums.ts"

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

/** The term of one dimension in a sum. */
const TERMS = {
  products: (query: Float64Array, row: Float32Array): number => {
    let sum = 0
    for (let k = 0; k < query.length; k++) sum += query[k] * row[k]
    return sum
  },
  distances: (query: Float64Array, row: Float32Array): number => {
    let sum = 0
    for (let k = 0; k < query.length; k++) {
      const difference = query[k] - row[k]
      sum += difference * difference
    }
    return sum
  }
} as const satisfies Readonly<Record<Kind, (query: Float64Array, row: Float32Array) => number>>

/** Terms of a call from which the function that WebAssembly compiles saves more time than it costs. */
const WORTH_COMPILING = 2 ** 16

/** Sums of products or of squared differences, summed in the order of the dimensions. */
const sumsInto = (kind: Kind, query: Float64Array, given: Given, rows: Int32Array, into: Float64Array): void => {
  const compiled = rows.length * given.dim < WORTH_COMPILING ? undefined : doubleSums(kind, given.dim)
  const whole = compiled === undefined ? 0 : rows.length - (rows.length % ROWS)
  compiled?.query.set(query)
  for (let r = 0; compiled !== undefined && r < whole; r += ROWS) {
    for (let i = 0; i < ROWS; i++) compiled.rows[i].set(givenRow(given, rows[r + i]))
    into.set(compiled.sum(), r)
  }
  for (let r = whole; r < rows.length; r++) into[r] = TERMS[kind](query, givenRow(given, rows[r]))
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
    sumsInto("distances", query, given, rows, into)
    for (let r = 0; r < rows.length; r++) into[r] = -Math.sqrt(into[r])
    return
  }
  sumsInto("products", query, given, rows, into)
  if (by === "dot") return
  for (let r = 0; r < rows.length; r++) into[r] /= Math.sqrt(own * givenSquared(given, rows[r]))
}
