/** Differences of evaluations on the same queries, by the paired bootstrap (Efron 1979; Sakai, SIGIR 2006). */
import { random } from "../../pipeline/random.ts"
import { intervalOf } from "./bootstrap.ts"

/** What a second evaluation has more than a first. */
export interface Difference {
  /** Mean over the queries that count in both. */
  readonly mean: number
  /** The 95 % interval of resampled means, percentile method. */
  readonly low: number
  readonly high: number
  /** Two-sided: twice the smaller share of resamples on one side of 0, ties counted on both, one more of each (Davison 1997). */
  readonly p: number
  /** Queries that count in both. */
  readonly queries: number
}

/** What a figure of two evaluations is by query; NaN where a query does not count. */
export interface Pair {
  readonly first: Float64Array
  readonly second: Float64Array
}

/**
 * Compares figures query by query. Queries are drawn with replacement, for both evaluations and all figures alike; so what
 * makes a query hard for both does not count as a difference.
 *
 * @param pairs float64 [queries] each, in one order of queries
 * @param seed with the number of the resample, the key of its draws
 * @returns one difference a pair; undefined where no query counts in both
 */
export const pairedDifferences = (
  pairs: ReadonlyArray<Pair>,
  seed: number,
  resamples: number
): ReadonlyArray<Difference | undefined> => {
  const queries = pairs[0]?.first.length ?? 0
  const differences = pairs.map(({ first, second }) => second.map((value, i) => value - first[i]))
  const means = pairs.map(() => new Float64Array(resamples))
  for (let draw = 0; draw < resamples; draw++) {
    const { int } = random(seed, 0, draw, "bootstrap")
    const drawn = Int32Array.from({ length: queries }, () => int(queries))
    differences.forEach((column, i) => {
      means[i][draw] = meanAt(column, drawn)
    })
  }
  return differences.map((column, i) => {
    const counting = column.filter((value) => !Number.isNaN(value))
    const interval = intervalOf(means[i])
    if (counting.length === 0 || interval === undefined) return undefined
    const defined = means[i].filter((value) => !Number.isNaN(value))
    // One more of each: no number of resamples can show that a difference is impossible.
    const share = (count: number) => (count + 1) / (defined.length + 1)
    const below = share(defined.filter((value) => value <= 0).length)
    const above = share(defined.filter((value) => value >= 0).length)
    const mean = counting.reduce((sum, value) => sum + value, 0) / counting.length
    const [low, high] = interval
    return { mean, low, high, p: Math.min(1, 2 * Math.min(below, above)), queries: counting.length }
  })
}

/** The mean of the drawn values that are defined; NaN where none is. */
const meanAt = (column: Float64Array, drawn: Int32Array): number => {
  let sum = 0
  let count = 0
  for (const at of drawn) {
    if (Number.isNaN(column[at])) continue
    sum += column[at]
    count++
  }
  return sum / count
}
