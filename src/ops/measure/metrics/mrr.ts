import { defineMetric } from "./metric.ts"

/**
 * One over the 1-based rank of the first relevant image; its mean over queries is MRR (Voorhees 1999).
 *
 * @param positions 0-based ranks of all relevant images, ascending; at least one
 * @example
 * reciprocalRank([3, 7]) // => 0.25
 */
export const reciprocalRank = (positions: ArrayLike<number>): number => 1 / (positions[0] + 1)

/** The figure `MRR`. */
export const mrr = defineMetric({
  name: "mrr",
  label: "MRR",
  group: "standard",
  kind: "relation",
  depths: "none",
  title: "mean of 1 / rank of the first relevant image",
  of: (positions) => reciprocalRank(positions)
})
