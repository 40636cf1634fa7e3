import { defineMetric } from "./metric.ts"

/**
 * Precision among the first results: with K = min(rank of the last relevant image + 1, k), the share of relevant images
 * among the first K. A query whose relevant images are all found before rank k is not punished for having few of them.
 *
 * @param positions 0-based ranks of all relevant images, ascending
 * @param k at least 1
 * @returns from 0 to 1; null if nothing is relevant
 * @example
 * precisionAt([0, 1, 12], 10) // => 0.2
 * precisionAt([0, 1], 10) // => 1
 */
export const precisionAt = (positions: ArrayLike<number>, k: number): number | null => {
  if (positions.length === 0) return null
  const first = Math.min(positions[positions.length - 1] + 1, k)
  let found = 0
  while (found < positions.length && positions[found] < first) found++
  return found / first
}

/** The figure `precision@k`. */
export const precision = defineMetric({
  name: "precision",
  label: "precision",
  group: "original",
  kind: "relation",
  depths: "precision",
  title: "share of relevant images among the first K = min(rank of the last relevant image, k)",
  of: precisionAt
})
