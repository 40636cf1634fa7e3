/**
 * Differences between groups of runs, such as several seeds of two methods, on the same queries. Runs and queries are both
 * resampled, since a figure depends on both (the pigeonhole bootstrap; Owen, Annals of Applied Statistics 2007).
 */
import { random } from "../../pipeline/random.ts"
import { intervalOf } from "./bootstrap.ts"

/** Difference of a second group from a first. */
export interface GroupDifference {
  /** Difference of the means over runs and queries. */
  readonly mean: number
  /** The 95 % interval of resampled differences, percentile method. */
  readonly low: number
  readonly high: number
  /** Two-sided, as in `pairedDifferences`. */
  readonly p: number
  /** Queries that count in every run. */
  readonly queries: number
}

/** One figure by query, NaN where a query does not count; float64 [queries] for each run of a group. */
export type GroupValues = ReadonlyArray<Float64Array>

export interface GroupedOptions {
  readonly seed: number
  readonly resamples: number
  /** Whether run i of both groups belongs together, for example by its seed: then the same runs are drawn in both. */
  readonly paired: boolean
}

/** Mean of the values of the queries that are drawn, each as often as it was drawn. */
const meanOf = (values: Float64Array, times: Float64Array): number => {
  let [sum, count] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    sum += times[i] * values[i]
    count += times[i]
  }
  return sum / count
}

const average = (list: ReadonlyArray<number>): number => list.reduce((sum, value) => sum + value, 0) / list.length

/** Keeps the queries that count in every run. */
const counting = (groups: ReadonlyArray<GroupValues>): ReadonlyArray<GroupValues> => {
  const runs = groups.flat()
  const kept = Array.from(runs[0] ?? [], (_, i) => i).filter((i) => runs.every((run) => !Number.isNaN(run[i])))
  return groups.map((group) => group.map((run) => Float64Array.from(kept, (i) => run[i])))
}

/**
 * The difference of two groups of runs. For each resample, queries are drawn with replacement, the same for all runs, and
 * runs are drawn with replacement within each group.
 *
 * @returns undefined if no query counts in every run
 * @throws RangeError if groups are paired and differ in their number of runs
 * @example
 * const first = [Float64Array.of(0.25, 0.5), Float64Array.of(0.25, 0.5)]
 * const second = [Float64Array.of(0.5, 0.75), Float64Array.of(0.5, 0.75)]
 * groupedDifference(first, second, { seed: 1, resamples: 10, paired: true })?.mean // => 0.25
 */
export const groupedDifference = (
  first: GroupValues,
  second: GroupValues,
  { paired, resamples, seed }: GroupedOptions
): GroupDifference | undefined => {
  if (paired && first.length !== second.length) throw new RangeError("paired groups have equally many runs")
  const [a, b] = counting([first, second])
  const queries = a[0]?.length ?? 0
  if (queries === 0 || b.length === 0) return undefined
  const drawn = new Float64Array(resamples)
  const times = new Float64Array(queries)
  for (let draw = 0; draw < resamples; draw++) {
    const { int } = random(seed, 0, draw, "grouped bootstrap")
    times.fill(0)
    for (let i = 0; i < queries; i++) times[int(queries)]++
    const means = [a, b].map((group) => group.map((run) => meanOf(run, times)))
    const runs = a.map(() => int(a.length))
    const others = paired ? runs : b.map(() => int(b.length))
    drawn[draw] = average(others.map((run) => means[1][run])) - average(runs.map((run) => means[0][run]))
  }
  const [low, high] = intervalOf(drawn) ?? [Number.NaN, Number.NaN]
  const share = (count: number) => (count + 1) / (resamples + 1)
  const below = share(drawn.filter((value) => value <= 0).length)
  const above = share(drawn.filter((value) => value >= 0).length)
  const whole = new Float64Array(queries).fill(1)
  const mean = (group: GroupValues) => average(group.map((run) => meanOf(run, whole)))
  return { mean: mean(b) - mean(a), low, high, p: Math.min(1, 2 * Math.min(below, above)), queries }
}

/**
 * p-values corrected for their number, so that the chance of any false finding stays that of one (Holm, Scandinavian Journal
 * of Statistics 1979).
 *
 * @example
 * holm([0.01, 0.5, 0.02]) // => [0.03, 0.5, 0.04]
 */
export const holm = (p: ReadonlyArray<number>): ReadonlyArray<number> => {
  const order = p.map((_, i) => i).sort((i, j) => p[i] - p[j])
  const adjusted = new Array<number>(p.length)
  let least = 0
  order.forEach((at, rank) => {
    least = Math.max(least, Math.min(1, (p.length - rank) * p[at]))
    adjusted[at] = least
  })
  return adjusted
}

/**
 * Mean and sample deviation (divided by n - 1) of the known values; null where there are too few.
 *
 * @example
 * spread([1, 3, null]) // => { mean: 2, deviation: Math.SQRT2 }
 */
export const spread = (
  values: ReadonlyArray<number | null>
): { readonly mean: number | null; readonly deviation: number | null } => {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return { mean: null, deviation: null }
  const mean = average(known)
  if (known.length === 1) return { mean, deviation: null }
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1)
  return { mean, deviation: Math.sqrt(square) }
}
