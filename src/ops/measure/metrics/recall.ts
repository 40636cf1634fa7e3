import { defineMetric } from "./metric.ts"
import { within } from "./plain-precision.ts"

/**
 * Share of the relevant images that is among the first k.
 *
 * @param positions 0-based ranks of all relevant images, ascending; at least one
 * @example
 * recallAt([0, 1, 12, 40], 10) // => 0.5
 */
export const recallAt = (positions: ArrayLike<number>, k: number): number => within(positions, k) / positions.length

/** The figure `recall@k`. */
export const recall = defineMetric({
  name: "recall",
  label: "recall",
  group: "standard",
  kind: "relation",
  depths: "all",
  title: "share of the relevant images among the first k",
  of: recallAt
})
