import { defineMetric } from "./metric.ts"

/**
 * Average precision at R: the sum of the precisions at the relevant images among the first R, divided by R, the number of
 * relevant images (Musgrave et al., "A Metric Learning Reality Check", ECCV 2020).
 *
 * @param positions 0-based ranks of all relevant images, ascending; at least one
 * @example
 * averagePrecisionAtR([0, 3]) // => 0.5
 */
export const averagePrecisionAtR = (positions: ArrayLike<number>): number => {
  let sum = 0
  for (let j = 0; j < positions.length && positions[j] < positions.length; j++) sum += (j + 1) / (positions[j] + 1)
  return sum / positions.length
}

/** The figure `mAP@R`. */
export const mapAtR = defineMetric({
  name: "map@r",
  label: "mAP@R",
  group: "standard",
  kind: "relation",
  depths: "none",
  title: "sum of the precisions at the relevant images among the first R, divided by R (Musgrave et al. 2020)",
  of: (positions) => averagePrecisionAtR(positions)
})
