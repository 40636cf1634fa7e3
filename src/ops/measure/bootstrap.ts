/** Confidence intervals by the bootstrap over queries (Efron 1979), percentile method. */
import { random } from "../../pipeline/random.ts"

/** Share of the resampled means that lies within an interval. */
export const CONFIDENCE = 0.95

/**
 * Means of one resample, which draws as many queries as there are, with replacement.
 *
 * @param columns values by query, NaN if a query does not count; each float64 [queries]
 * @param draw number of the resample; together with the seed it is the key of the draws
 * @returns one mean per column, NaN if none of the drawn queries counts
 * @example
 * resampledMeans([Float64Array.of(2, 2, Number.NaN)], 1, 0)[0] // => 2
 */
export const resampledMeans = (columns: ReadonlyArray<Float64Array>, seed: number, draw: number): Float64Array => {
  const queries = columns[0]?.length ?? 0
  const { int } = random(seed, 0, draw, "bootstrap")
  const drawn = Int32Array.from({ length: queries }, () => int(queries))
  return Float64Array.from(columns, (values) => {
    let sum = 0
    let count = 0
    for (let i = 0; i < queries; i++) {
      const value = values[drawn[i]]
      if (Number.isNaN(value)) continue
      sum += value
      count++
    }
    return sum / count
  })
}

/** A quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7). */
const quantile = (sorted: Float64Array, share: number): number => {
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low] + (at - low) * (sorted[high] - sorted[low])
}

/**
 * The interval of a column from its resampled means; undefined if none of them is defined.
 *
 * @example
 * intervalOf(Float64Array.of(Number.NaN, 3)) // => [3, 3]
 */
export const intervalOf = (means: Float64Array): readonly [low: number, high: number] | undefined => {
  const sorted = means.filter((value) => !Number.isNaN(value)).sort()
  if (sorted.length === 0) return undefined
  const outside = (1 - CONFIDENCE) / 2
  return [quantile(sorted, outside), quantile(sorted, 1 - outside)]
}
