/**
 * Selects the rows that may be among the most similar ones, in single precision with a proven bound on its error. Only these
 * rows are compared in double precision, so a search finds the same rows several times faster.
 */
import { exactInto, type Given, givenSquared } from "../rank/exact.ts"
import { provenError, UNDERFLOW } from "../rank/near-ties.ts"
import type { Similarity } from "../similarity.ts"
import { hasSingleProducts, type SingleProducts, singleProducts } from "./single-products.ts"
import { topOf } from "./top.ts"

/** Values to compare, about a millisecond in double precision, below which the selection saves nothing. */
const WORTH = 2 ** 20

/** Scores above it may be too large for float32. */
const LARGE = 2 ** 127

/** Relative error, with room to spare, of sums in double precision. */
const DOUBLE = 2 ** -40

const kernels = new WeakMap<Given, SingleProducts>()

const kernelFor = (given: Given): SingleProducts => {
  const kernel = kernels.get(given) ?? singleProducts(given.dim)
  kernels.set(given, kernel)
  return kernel
}

/** Copies the rows [from, to) of `rows` into the kernel's memory; adjacent rows are copied together. */
const copyRows = (
  { at, dim, matrices, matrix }: Given,
  rows: Int32Array,
  from: number,
  to: number,
  kernel: SingleProducts
) => {
  const { stride, tile } = kernel
  for (let i = from; i < to; ) {
    const [first, begin] = [rows[i], i++]
    while (i < to && stride === dim && matrix[rows[i]] === matrix[first] && at[rows[i]] === at[rows[i - 1]] + dim) i++
    tile.set(matrices[matrix[first]].subarray(at[first], at[first] + (i - begin) * dim), (begin - from) * stride)
  }
}

/** Smallest and largest possible score, or for `l2` negative squared distance without the square of the query. */
interface Bounds {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** A function that computes a score from a product and a sum of squares in single precision, and its largest error. */
const scorer = (by: Similarity, own: number, given: Given) => {
  const relative = provenError(given.dim)
  const underflow = given.dim * UNDERFLOW
  return (row: number, product: number, squared: number): readonly [score: number, error: number] => {
    const most = by === "cosine" ? givenSquared(given, row) : (squared + underflow) / (1 - relative)
    const lengths = Math.sqrt(own * most)
    if (by === "cosine") return [product / lengths, relative + underflow / lengths]
    const error = relative * lengths + underflow
    if (by === "dot") return [product, error]
    return [2 * product - squared, 2 * error + relative * most + underflow + DOUBLE * (own + most)]
  }
}

const boundsOf = (by: Similarity, query: Float32Array, own: number, given: Given, rows: Int32Array): Bounds => {
  const kernel = kernelFor(given)
  const score = scorer(by, own, given)
  const lower = new Float64Array(rows.length)
  const upper = new Float64Array(rows.length)
  kernel.query.set(query)
  for (let from = 0; from < rows.length; from += kernel.rows) {
    const to = Math.min(rows.length, from + kernel.rows)
    copyRows(given, rows, from, to, kernel)
    const sums = kernel.multiply(to - from)
    for (let i = from, s = 0; i < to; i++, s += 8) {
      const product = sums[s] + sums[s + 1] + sums[s + 2] + sums[s + 3]
      const squared = sums[s + 4] + sums[s + 5] + sums[s + 6] + sums[s + 7]
      const [value, error] = score(rows[i], product, squared)
      // Double precision decides about values that are not finite, too.
      const sound = Math.abs(value) + error < LARGE
      lower[i] = sound ? value - error : Number.NEGATIVE_INFINITY
      upper[i] = sound ? value + error : Number.POSITIVE_INFINITY
    }
  }
  return { lower, upper }
}

/**
 * The rows whose similarity may be among the k highest, or may not be a finite float32: all rows without WebAssembly SIMD, and
 * if there are few. The k best of them in double precision are the k best of all.
 *
 * @param own sum of squares of the query
 * @param rows ascending, int32 [m]
 * @returns some of the rows, ascending
 */
export const contenders = (
  by: Similarity,
  query: Float32Array,
  own: number,
  given: Given,
  rows: Int32Array,
  k: number
): Int32Array => {
  if (k >= rows.length || rows.length * given.dim < WORTH || !hasSingleProducts()) return rows
  const { lower, upper } = boundsOf(by, query, own, given, rows)
  const last = topOf(lower, k).at(-1)
  if (last === undefined) return rows
  const least = lower[last]
  return rows.filter((_, i) => upper[i] >= least)
}

/**
 * The contenders among some rows, and their similarities in double precision. Parameters are as in `contenders`.
 *
 * @returns rows and scores for `bestRows`
 */
export const scoredContenders = (
  by: Similarity,
  query: Float32Array,
  own: number,
  given: Given,
  rows: Int32Array,
  k: number
): { readonly rows: Int32Array; readonly scores: Float64Array } => {
  const likely = contenders(by, query, own, given, rows, k)
  const scores = new Float64Array(likely.length)
  exactInto(by, Float64Array.from(query), own, given, likely, scores)
  return { rows: likely, scores }
}
