import { defineMetric } from "./metric.ts"
import { plainPrecision } from "./plain-precision.ts"

/**
 * Precision among the first R results, R the number of relevant images (Manning et al., Introduction to Information
 * Retrieval, 8.4).
 *
 * @param positions 0-based ranks of all relevant images, ascending; at least one
 * @example
 * rPrecision([0, 3]) // => 0.5
 */
export const rPrecision = (positions: ArrayLike<number>): number => plainPrecision(positions, positions.length)

/** The figure `R-precision`. */
export const rPrecisionMetric = defineMetric({
  name: "r-precision",
  label: "R-precision",
  group: "standard",
  kind: "relation",
  depths: "none",
  title: "precision among the first R, the number of relevant images",
  of: (positions) => rPrecision(positions)
})
