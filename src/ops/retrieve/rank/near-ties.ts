/**
 * Near ties: images whose scores in single precision differ by less than the error of those scores. Their order would depend
 * on the engine and its tiles, so it is decided in double precision.
 *
 * The guarantee has two parts. In rankings of up to `PROVEN_UP_TO` multiplications, near ties are found with a proven bound,
 * so the order is the order in double precision on every engine that computes in IEEE single precision. In larger rankings
 * they are found with twice the largest error measured on a sample, plus one rounding. The error of a query is half the
 * largest difference between the errors of two of its scores: an error that all scores share changes no order. A pair outside
 * the sample may have a larger error, so the order is very likely the same but not proven to be. `provenError` holds for every
 * length of vectors; it is not used in large rankings, because it is hundreds of times the actual error and would send most
 * images to double precision.
 *
 * Used in worker threads, so it does not import Effect.
 */
import type { Similarity } from "../similarity.ts"
import { exactInto, type Given, givenRow, givenSquared } from "./exact.ts"

/** Unit roundoff of float32. */
const UNIT = 2 ** -24

/** Smallest normal float32: an engine may round smaller products to 0. */
export const UNDERFLOW = 2 ** -126

/** Multiplications of a ranking up to which the proven bound is used; double precision takes about a second for as many. */
const PROVEN_UP_TO = 2 ** 30

/**
 * Proven bound on the error of an inner product of two vectors in single precision, relative to the product of their
 * lengths: d u / (1 - d u) for any order of summation (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
 * eq. 3.5). It grows linearly with the number of dimensions d. Eight more roundings cover normalising, centring and the score
 * itself. The engine must round each operation to float32 or better.
 *
 * @example
 * provenError(512) // => 520 / (2 ** 24 - 520)
 */
export const provenError = (dim: number): number => ((dim + 8) * UNIT) / (1 - (dim + 8) * UNIT)

/**
 * Relative error within which scores are trusted. Rankings of up to `PROVEN_UP_TO` multiplications use the proven bound;
 * larger ones use twice the largest error of a sample and one rounding, if that is smaller. An engine that computes in less than
 * single precision (bfloat16, TF32) exceeds the proven bound; then twice the measured error is used in rankings of any size.
 *
 * @param measured largest relative error in the sample
 * @param work queries times database images times dimensions
 */
export const trustedError = (dim: number, measured: number, work: number): number => {
  const proven = provenError(dim)
  if (measured > proven) return 2 * measured
  return work <= PROVEN_UP_TO ? proven : Math.min(proven, 2 * measured + UNIT)
}

/** The original vectors of both sides, and the lengths of the multiplied ones. Plain data, which can be sent to a thread. */
export interface ExactSides {
  readonly by: Similarity
  readonly queries: Given
  readonly database: Given
  /** Lengths of the queries in the form in which they were multiplied, float64 [queries]; 1 for `cosine`. */
  readonly lengths: Float64Array
  /** Greatest length of a database vector in that form; 1 for `cosine`. */
  readonly longest: number
}

/** The absolute error that a relative error of 1 means for one query: in scores, or, for `l2`, in squared distances. */
const scaleOf = ({ by, lengths, longest }: ExactSides, query: number): number =>
  by === "l2" ? (lengths[query] + longest) ** 2 : lengths[query] * longest

/** The value to which `scaleOf` and `tieOf` apply: the score or, if it is a negative distance, the negative squared distance. */
export const comparable = (score: number, squared: boolean): number => (squared ? -score * score : score)

/**
 * Half the difference below which two scores of a query are a near tie.
 *
 * @param error relative error, from `trustedError`
 */
export const tieOf = (sides: ExactSides, query: number, error: number): number =>
  error * scaleOf(sides, query) + 2 * sides.queries.dim * UNDERFLOW

/** A function that computes the similarities of one query with some database images in double precision. */
export const exactOf = ({ by, database, queries }: ExactSides, query: number) => {
  const vector = new Float64Array(givenRow(queries, query))
  const own = by === "cosine" ? givenSquared(queries, query) : 0
  return (positions: Int32Array, into: Float64Array): void => exactInto(by, vector, own, database, positions, into)
}

/** Number of queries, and of database images per query, in the sample. */
const SAMPLE = 32

/**
 * Largest relative error in a sample of scores: half the largest difference between the errors of two scores of one query. The
 * sample consists of pairs spread over queries and database, and the best image of each of these queries, because errors grow with
 * scores.
 *
 * @param scores of the queries [from, to), float32 [to - from, database]
 */
export const measuredError = (sides: ExactSides, from: number, to: number, scores: Float32Array): number => {
  const n = sides.database.at.length
  const rows = Math.min(SAMPLE, to - from)
  const columns = Math.min(SAMPLE, n)
  const positions = new Int32Array(columns + 1)
  const exact = new Float64Array(columns + 1)
  const squared = sides.by === "l2"
  let worst = 0
  for (let r = 0; r < rows; r++) {
    const row = Math.floor((r * (to - from)) / rows)
    const own = scores.subarray(row * n, (row + 1) * n)
    for (let c = 0; c < columns; c++) positions[c] = Math.floor(((c + r / rows) * n) / columns)
    positions[columns] = own.reduce((best, score, at) => (score > own[best] ? at : best), 0)
    exactOf(sides, from + row)(positions, exact)
    const scale = scaleOf(sides, from + row)
    if (scale === 0) continue
    const errors = exact.map((value, i) => comparable(own[positions[i]], squared) - comparable(value, squared))
    worst = Math.max(worst, (Math.max(...errors) - Math.min(...errors)) / 2 / scale)
  }
  return worst
}

/** Scores of a query count as different if their range is at least this multiple of their error. */
const TOLD_APART = 16

/**
 * Whether the scores of most queries have a range that is hardly larger than their error, so that single precision says
 * nothing about their order.
 *
 * @param error largest relative error of a sample, from `measuredError`
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
    const squared = sides.by === "l2"
    const spread = comparable(most, squared) - comparable(least, squared)
    if (spread <= TOLD_APART * (error + UNIT) * scaleOf(sides, row)) flat++
  }
  return 2 * flat > rows
}

/** Index of the first occurrence of a value in ascending values. */
const firstOf = (ascending: Float64Array, value: number): number => {
  let low = 0
  for (let high = ascending.length; low < high; ) {
    const middle = (low + high) >> 1
    if (ascending[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Sorts one long run of near ties by score, ties by ascending position. `positions` ascend, and `values` are their scores. */
const placeLong = (positions: Int32Array, values: Float64Array, order: Int32Array, sorted: Float32Array): void => {
  const descending = values.map((value) => -value)
  const ascending = descending.slice().sort()
  const taken = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const first = firstOf(ascending, descending[i])
    const place = first + taken[first]++
    order[place] = positions[i]
    sorted[place] = values[i] + 0
  }
}

/** Longest run that is sorted by insertion. */
const SHORT = 32

/** The same for the short run [from, to), whose `positions` may be in any order. It begins at place `begin` of the row. */
const placeShort = (
  positions: Int32Array,
  values: Float64Array,
  from: number,
  to: number,
  order: Int32Array,
  sorted: Float32Array,
  begin: number
): void => {
  for (let i = from + 1; i < to; i++) {
    const [position, value] = [positions[i], values[i]]
    let at = i
    for (; at > from; at--) {
      const before = values[at - 1]
      if (before > value || (before === value && positions[at - 1] < position)) break
      values[at] = before
      positions[at] = positions[at - 1]
    }
    values[at] = value
    positions[at] = position
  }
  for (let i = from; i < to; i++) {
    order[begin + i - from] = positions[i]
    sorted[begin + i - from] = values[i] + 0
  }
}

/** Writes the exact scores of some positions. */
export type Exact = (positions: Int32Array, into: Float64Array) => void

/** The images of a sorted row whose order matters. */
export interface Telling {
  /** One number per image of the row, in its order: images of equal kinds may change places. */
  readonly kinds: Int32Array
  /** Number of first places that are decided whatever their kinds. */
  readonly depth: number
}

/** Begins and ends of all runs of near ties in a sorted row, one after another. */
const runsOf = (sorted: Float32Array, tie: number, squared: boolean): ReadonlyArray<number> => {
  const n = sorted.length
  const runs: Array<number> = []
  let begin = 0
  let last = n === 0 ? 0 : comparable(sorted[0], squared)
  for (let i = 1; i <= n; i++) {
    const next = i === n ? Number.NEGATIVE_INFINITY : comparable(sorted[i], squared)
    const apart = last - next > 2 * tie
    last = next
    if (!apart) continue
    if (i - begin > 1) runs.push(begin, i)
    begin = i
  }
  return runs
}

/**
 * Marks the images of a row that are a near tie with an image of another kind, or with one of the first places. All other images
 * keep their places beside images of other kinds, whatever their exact scores are.
 */
const openIn = (sorted: Float32Array, { depth, kinds }: Telling, tie: number, squared: boolean): Uint8Array => {
  const n = sorted.length
  const open = new Uint8Array(n)
  let before = -1
  for (let i = 1; i < n; i++) {
    if (i <= depth || kinds[i - 1] !== kinds[i]) before = i - 1
    if (before >= 0 && comparable(sorted[before], squared) - comparable(sorted[i], squared) <= 2 * tie) open[i] = 1
  }
  let after = n
  for (let i = n - 2; i >= 0; i--) {
    if (i < depth || kinds[i + 1] !== kinds[i]) after = i + 1
    if (after < n && comparable(sorted[i], squared) - comparable(sorted[after], squared) <= 2 * tie) open[i] = 1
  }
  return open
}

const WIDTH = 2 ** 26

/**
 * Writes the places of a run to `into`, from index `at` on; those of a long run in the order of their positions, which `placeLong`
 * needs.
 */
const placesOf = (order: Int32Array, begin: number, end: number, into: Int32Array, at: number): void => {
  if (end - begin <= SHORT) {
    for (let i = begin; i < end; i++) into[at + i - begin] = i
    return
  }
  const keys = new Float64Array(end - begin)
  for (let i = begin; i < end; i++) keys[i - begin] = order[i] * WIDTH + (i - begin)
  keys.sort()
  for (let i = 0; i < keys.length; i++) into[at + i] = begin + (keys[i] % WIDTH)
}

/** The runs that hold an open image; all of them without `open`. */
const openRuns = (runs: ReadonlyArray<number>, open: Uint8Array | undefined): ReadonlyArray<number> => {
  if (open === undefined) return runs
  const kept: Array<number> = []
  for (let r = 0; r < runs.length; r += 2) {
    let i = runs[r]
    while (i < runs[r + 1] && open[i] === 0) i++
    if (i < runs[r + 1]) kept.push(runs[r], runs[r + 1])
  }
  return kept
}

/**
 * Decides the near ties of one sorted row in double precision, in place. Without near ties this is a single pass.
 *
 * @param order database positions by descending score, int32 [n]
 * @param sorted their scores, descending, float32 [n]; scores of near ties are replaced by the exact ones, rounded
 * @param tie half the difference below which two scores are a near tie, from `tieOf`
 * @param squared whether squares of scores are compared, as for `l2`
 * @param exact is called once per row, because many images at a time are several times faster than few
 * @param telling the images whose order matters, by default all; the order of images of one kind is then left open
 */
export const settle = (
  order: Int32Array,
  sorted: Float32Array,
  tie: number,
  squared: boolean,
  exact: Exact,
  telling?: Telling
): void => {
  const open = telling === undefined ? undefined : openIn(sorted, telling, tie, squared)
  const runs = openRuns(runsOf(sorted, tie, squared), open)
  if (runs.length === 0) return
  let count = 0
  for (let r = 0; r < runs.length; r += 2) count += runs[r + 1] - runs[r]
  const places = new Int32Array(count)
  for (let r = 0, at = 0; r < runs.length; at += runs[r + 1] - runs[r], r += 2) {
    placesOf(order, runs[r], runs[r + 1], places, at)
  }
  const positions = new Int32Array(count)
  const asked = new Int32Array(count)
  let questions = 0
  for (let i = 0; i < count; i++) {
    positions[i] = order[places[i]]
    if (open === undefined || open[places[i]] === 1) asked[questions++] = positions[i]
  }
  const found = new Float64Array(questions)
  exact(asked.subarray(0, questions), found)
  const values = new Float64Array(count)
  for (let i = 0, next = 0; i < count; i++) {
    values[i] = open === undefined || open[places[i]] === 1 ? found[next++] : sorted[places[i]]
  }
  for (let r = 0, at = 0; r < runs.length; r += 2) {
    const [begin, end] = [runs[r], runs[r + 1]]
    const to = at + end - begin
    if (end - begin <= SHORT) placeShort(positions, values, at, to, order, sorted, begin)
    else {
      const own = [order.subarray(begin, end), sorted.subarray(begin, end)] as const
      placeLong(positions.subarray(at, to), values.subarray(at, to), ...own)
    }
    at = to
  }
}
