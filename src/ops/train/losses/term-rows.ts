/**
 * Terms of anchors with the means of other rows, and the gradient of rows: loops that threads can share. Threads run them, so this
 * file does not import Effect.
 */
import type { Loop } from "../../workers/loops.ts"
import { type Term, termOf } from "./terms.ts"

/** Number of vectors of a term: anchor, mean of positives, mean of negatives. */
export const VECTORS = 3

/**
 * Sums of rows. A sum over most rows of a batch is the sum of all less the others: `sign` is -1, and the rows are the others. Sum s
 * is of rows[starts[s]] to rows[starts[s + 1]]. Three sums belong to each anchor.
 */
export interface Sums {
  readonly rows: Int32Array
  readonly starts: Int32Array
  readonly signs: Int8Array
  /** Number of rows of each mean. */
  readonly counts: Int32Array
}

interface Termed extends Sums {
  /** [rows, dim] */
  readonly values: Float32Array
  /** Sum of all rows, [dim]. */
  readonly total: Float64Array
  readonly term: Term
  /** Receive the value and the hinge of each term, and its derivatives [terms, 3, dim]. */
  readonly found: Float64Array
  readonly hinges: Float64Array
  readonly slopes: Float32Array | Float64Array
}

/** Adds rows of a matrix to a vector, four at a time, each times the same factor. `rows` are `list` from `from` to `to`. */
const addRows = (
  sum: Float64Array,
  matrix: Float32Array,
  list: Int32Array,
  from: number,
  to: number,
  factor: number
): void => {
  const dim = sum.length
  let at = from
  for (; at + 3 < to; at += 4) {
    const [a, b, c, d] = [list[at] * dim, list[at + 1] * dim, list[at + 2] * dim, list[at + 3] * dim]
    for (let i = 0; i < dim; i++) sum[i] += factor * (matrix[a + i] + matrix[b + i] + matrix[c + i] + matrix[d + i])
  }
  for (; at < to; at++) {
    const base = list[at] * dim
    for (let i = 0; i < dim; i++) sum[i] += factor * matrix[base + i]
  }
}

const writeMean = ({ counts, rows, signs, starts, total, values }: Termed, sum: number, mean: Float64Array): void => {
  if (signs[sum] < 0) mean.set(total)
  else mean.fill(0)
  addRows(mean, values, rows, starts[sum], starts[sum + 1], signs[sum])
  const share = 1 / counts[sum]
  if (share !== 1) for (let i = 0; i < mean.length; i++) mean[i] *= share
}

const three = <A>(make: (i: number) => A) => ({ anchor: make(0), positive: make(1), negative: make(2) })

/** The term of each anchor. */
export const termRows: Loop<Termed> = {
  name: "terms",
  rows: (given) => {
    const { found, hinges, slopes, term, total } = given
    const means = three(() => new Float64Array(total.length))
    return (from, to) => {
      for (let q = from; q < to; q++) {
        const first = VECTORS * q
        writeMean(given, first, means.anchor)
        writeMean(given, first + 1, means.positive)
        writeMean(given, first + 2, means.negative)
        const size = total.length
        const own = three((i) => slopes.subarray((first + i) * size, (first + i + 1) * size))
        const { hinge, value } = termOf(term, means, own)
        found[q] = value
        hinges[q] = hinge
      }
    }
  }
}

/** Derivatives of terms, and for each row of the batch the sums in which it is. */
interface Spread {
  readonly slopes: Float32Array | Float64Array
  readonly dim: number
  /** The sums of row r are sums[ofRow[r]] to sums[ofRow[r + 1]]. */
  readonly sums: Int32Array
  readonly ofRow: Int32Array
  readonly signs: Int8Array
  readonly counts: Int32Array
  /** Derivative that all rows share, [dim]. */
  readonly every: Float64Array
  readonly scale: number
  readonly gradient: Float32Array
}

/** The gradient of each row. */
export const spreadRows: Loop<Spread> = {
  name: "gradient of terms",
  rows: ({ counts, dim, every, gradient, ofRow, scale, signs, slopes, sums }) => {
    const slope = new Float64Array(dim)
    return (from, to) => {
      for (let row = from; row < to; row++) {
        slope.set(every)
        let at = ofRow[row]
        for (; at + 1 < ofRow[row + 1]; at += 2) {
          const [one, other] = [sums[at], sums[at + 1]]
          const [share, otherShare] = [signs[one] / counts[one], signs[other] / counts[other]]
          const [base, otherBase] = [one * dim, other * dim]
          for (let i = 0; i < dim; i++) slope[i] += share * slopes[base + i] + otherShare * slopes[otherBase + i]
        }
        for (; at < ofRow[row + 1]; at++) {
          const [base, share] = [sums[at] * dim, signs[sums[at]] / counts[sums[at]]]
          for (let i = 0; i < dim; i++) slope[i] += share * slopes[base + i]
        }
        for (let i = 0; i < dim; i++) gradient[row * dim + i] = scale * slope[i]
      }
    }
  }
}
