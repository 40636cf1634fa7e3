import { defineMetric } from "./metric.ts"

/** The recall levels of the curve: 0, 0.1, ... 1. */
export const RECALL_LEVELS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const

/**
 * Interpolated precision: the highest precision at any rank where the recall is at least `recall` (Manning, Raghavan and
 * Schütze, Introduction to Information Retrieval, 2008, eq. 8.7).
 *
 * @param positions 0-based ranks of all relevant images, ascending; at least one
 * @example
 * interpolatedPrecision([1, 2], 0) // => 2 / 3
 * interpolatedPrecision([0, 9], 1) // => 0.2
 */
export const interpolatedPrecision = (positions: ArrayLike<number>, recall: number): number => {
  // A recall that is written as a decimal may lie a rounding error above the share that it means.
  const first = Math.max(1, Math.ceil(recall * positions.length - 1e-9))
  let highest = 0
  for (let found = first; found <= positions.length; found++) {
    highest = Math.max(highest, found / (positions[found - 1] + 1))
  }
  return highest
}

/** The figures of the precision-recall curve. */
export const precisionRecall = defineMetric({
  name: "precision-recall",
  label: "precision at recall",
  group: "standard",
  kind: "curve",
  points: RECALL_LEVELS,
  title: "interpolated precision at the recalls 0, 0.1, ... 1, a curve per relation (Manning et al. 2008, eq. 8.7)",
  of: interpolatedPrecision
})
