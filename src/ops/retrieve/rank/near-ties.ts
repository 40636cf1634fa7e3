/**
 * Near ties: images whose scores in single precision lie closer together than the error of those scores. Their order
 * would depend on the engine and its tiles, so it is decided in double precision. Used in worker threads, so it does not
 * import Effect.
 */
import type { Similarity } from "../similarity.ts"
import { exactInto, type Given, givenRow, givenSquared } from "./exact.ts"

/** Unit roundoff of float32. */
const UNIT = 2 ** -24

/** Products of tiny values that an engine may round to 0. */
const UNDERFLOW = 2 ** -126

/** Products of all pairs, counted by dimension, below which the proven bound is used: a second of double precision. */
const PROVEN_UP_TO = 2 ** 30

/**
 * Bound on the error of an inner product of two vectors in single precision, for any order of the sum, relative to the
 * product of their lengths: d u / (1 - d u) (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., eq. 3.5);
 * eight more roundings are those of normalising, centring and of the score itself.
 *
 * @example
 * provenError(512) // => 520 / (2 ** 24 - 520)
 */
export const provenError = (dim: number): number => ((dim + 8) * UNIT) / (1 - (dim + 8) * UNIT)

/**
 * Relative error that scores are trusted to stay below. Small rankings use the proven bound. In large ones it would send
 * most images to double precision, though actual errors are a hundred times smaller: they use twice the largest error that
 * was measured on a sample. An engine that computes in less than single precision (bfloat16, TF32) exceeds the proven
 * bound; the measured error counts then.
 *
 * @param measured largest relative error in the sample
 * @param work queries times database images times dimensions
 */
export const trustedError = (dim: number, measured: number, work: number): number => {
  const proven = provenError(dim)
  if (measured > proven) return 2 * measured
  return work <= PROVEN_UP_TO ? proven : Math.min(proven, 2 * measured + 4 * UNIT)
}

/** Both sides as given, and the lengths of the vectors that were multiplied. Plain data, which can be sent to a thread. */
export interface ExactSides {
  readonly by: Similarity
  readonly queries: Given
  readonly database: Given
  /** Lengths of the queries as multiplied, float64 [queries]; 1 for `cosine`. */
  readonly lengths: Float64Array
  /** Greatest length of a database vector as multiplied; 1 for `cosine`. */
  readonly longest: number
}

/** What an error of 1 means for one query: `cosine` and `dot` compare scores, `l2` squared distances. */
const scaleOf = ({ by, lengths, longest }: ExactSides, query: number): number =>
  by === "l2" ? (lengths[query] + longest) ** 2 : lengths[query] * longest

/** Values whose error the scale bounds: scores, or, for `l2`, minus the squared distances. */
const comparable = (by: Similarity, score: number): number => (by === "l2" ? -score * score : score)

/**
 * Half the distance at which two scores of a query are a near tie.
 *
 * @param error relative error, of `trustedError`
 */
export const tieOf = (sides: ExactSides, query: number, error: number): number =>
  error * scaleOf(sides, query) + 2 * sides.queries.dim * UNDERFLOW

/** Similarities of one query with some of the database, in double precision. */
export const exactOf = ({ by, database, queries }: ExactSides, query: number) => {
  const vector = Float64Array.from(givenRow(queries, query))
  const own = by === "cosine" ? givenSquared(queries, query) : 0
  return (positions: Int32Array, into: Float64Array): void => exactInto(by, vector, own, database, positions, into)
}

/** Queries and database images of the sample. */
const SAMPLE = 32

/**
 * Largest relative error among the scores of a sample: pairs spread over queries and database, and the best image of each
 * of these queries, since errors grow with scores.
 *
 * @param scores of the queries [from, to), float32 [to - from, database]
 */
export const measuredError = (sides: ExactSides, from: number, to: number, scores: Float32Array): number => {
  const n = sides.database.at.length
  const rows = Math.min(SAMPLE, to - from)
  const columns = Math.min(SAMPLE, n)
  const positions = new Int32Array(columns + 1)
  const exact = new Float64Array(columns + 1)
  let worst = 0
  for (let r = 0; r < rows; r++) {
    const row = Math.floor((r * (to - from)) / rows)
    const own = scores.subarray(row * n, (row + 1) * n)
    for (let c = 0; c < columns; c++) positions[c] = Math.floor(((c + r / rows) * n) / columns)
    positions[columns] = own.reduce((best, score, at) => (score > own[best] ? at : best), 0)
    exactOf(sides, from + row)(positions, exact)
    const scale = scaleOf(sides, from + row)
    for (let i = 0; i <= columns && scale > 0; i++) {
      const error = comparable(sides.by, own[positions[i]]) - comparable(sides.by, exact[i])
      worst = Math.max(worst, Math.abs(error) / scale)
    }
  }
  return worst
}

/** Errors that the scores of a query must spread over to be called different. */
const TOLD_APART = 16

/**
 * Whether the scores of typical queries spread over hardly more than their error: single precision then tells nothing.
 *
 * @param error largest relative error of a sample, of `measuredError`
 * @param scores of the first queries, float32 [queries, database]
 */
export const indistinct = (sides: ExactSides, error: number, scores: Float32Array): boolean => {
  const n = sides.database.at.length
  const rows = Math.min(SAMPLE, scores.length / n)
  let flat = 0
  for (let row = 0; row < rows; row++) {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const score of scores.subarray(row * n, (row + 1) * n)) {
      least = Math.min(least, score)
      most = Math.max(most, score)
    }
    const spread = comparable(sides.by, most) - comparable(sides.by, least)
    if (spread <= TOLD_APART * (error + UNIT) * scaleOf(sides, row)) flat++
  }
  return 2 * flat > rows
}

/** First place of a value in ascending values. */
const firstOf = (ascending: Float64Array, value: number): number => {
  let low = 0
  for (let high = ascending.length; low < high; ) {
    const middle = (low + high) >> 1
    if (ascending[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts one run of near ties into the order of their exact scores, equal ones by ascending position. */
const settleRun = (order: Int32Array, sorted: Float32Array, exact: Exact): void => {
  const positions = order.slice().sort()
  const values = new Float64Array(positions.length)
  exact(positions, values)
  for (let i = 0; i < values.length; i++) values[i] = -values[i]
  const ascending = values.slice().sort()
  const taken = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const first = firstOf(ascending, values[i])
    const place = first + taken[first]++
    order[place] = positions[i]
    sorted[place] = -values[i] + 0
  }
}

/** Writes exact scores of some positions. */
export type Exact = (positions: Int32Array, into: Float64Array) => void

/**
 * Decides the near ties of one sorted row in double precision, in place: one pass where there are none.
 *
 * @param order database positions by descending score, int32 [n]
 * @param sorted their scores, descending, float32 [n]; those of near ties become the exact ones, rounded
 * @param tie half the distance at which two scores are a near tie, of `tieOf`
 * @param squared whether the distance counts between squares, as for `l2`
 */
export const settle = (order: Int32Array, sorted: Float32Array, tie: number, squared: boolean, exact: Exact): void => {
  const n = sorted.length
  let begin = 0
  let last = n === 0 ? 0 : squared ? -sorted[0] * sorted[0] : sorted[0]
  for (let i = 1; i <= n; i++) {
    const next = i === n ? Number.NEGATIVE_INFINITY : squared ? -sorted[i] * sorted[i] : sorted[i]
    const apart = last - next > 2 * tie
    last = next
    if (!apart) continue
    if (i - begin > 1) settleRun(order.subarray(begin, i), sorted.subarray(begin, i), exact)
    begin = i
  }
}
