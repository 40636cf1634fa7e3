import { defineMetric } from "./metric.ts"

/** Number of ascending positions that are below k, by bisection. */
export const within = (positions: ArrayLike<number>, k: number): number => {
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (positions[middle] < k) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Share of relevant images among the first k.
 *
 * @param positions 0-based ranks of all relevant images, ascending
 * @example
 * plainPrecision([0, 1, 12], 10) // => 0.2
 */
export const plainPrecision = (positions: ArrayLike<number>, k: number): number => within(positions, k) / k

/** The figure `plain precision@k`. */
export const precisionMetric = defineMetric({
  name: "precision",
  label: "plain precision",
  group: "standard",
  kind: "relation",
  depths: "all",
  title: "share of relevant images among the first k",
  of: plainPrecision
})
