/** Differences of evaluations on the same queries, by the paired bootstrap (Efron 1979; Sakai, SIGIR 2006). */
import { random } from "../../pipeline/random.ts"
import { intervalOf } from "./bootstrap.ts"

/** Difference of a second evaluation from a first. */
export interface Difference {
  /** Mean over the queries that count in both. */
  readonly mean: number
  /** The 95 % interval of resampled means, percentile method. */
  readonly low: number
  readonly high: number
  /** Two-sided: twice the smaller share of resamples on one side of 0; ties count on both sides, one is added to each (Davison 1997). */
  readonly p: number
  /** Queries that count in both. */
  readonly queries: number
}

/** Values of one figure in two evaluations, by query; NaN if a query does not count. */
export interface Pair {
  readonly first: Float64Array
  readonly second: Float64Array
}

/**
 * Compares figures query by query. Queries are drawn with replacement, the same for both evaluations and all figures, so the
 * difficulty of a query cancels out.
 *
 * @param pairs float64 [queries] each, all in the same order of queries
 * @param seed together with the number of the resample, the key of its draws
 * @returns one difference per pair; undefined if no query counts in both evaluations
 * @example
 * const pair = { first: Float64Array.of(0, 0.5), second: Float64Array.of(0.25, 0.75) }
 * pairedDifferences([pair], 1, 10)[0]?.mean // => 0.25
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
    // One is added to each count: a finite number of resamples cannot show that p is 0.
    const share = (count: number) => (count + 1) / (defined.length + 1)
    const below = share(defined.filter((value) => value <= 0).length)
    const above = share(defined.filter((value) => value >= 0).length)
    const mean = counting.reduce((sum, value) => sum + value, 0) / counting.length
    const [low, high] = interval
    return { mean, low, high, p: Math.min(1, 2 * Math.min(below, above)), queries: counting.length }
  })
}

/** Mean of the drawn values that are defined; NaN if none is. */
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
