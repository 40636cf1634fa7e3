import { defineMetric } from "./metric.ts"

/**
 * Average precision at k: the mean of the precisions at the relevant images among the first k; 0 if none is among them. It is
 * divided by the number of relevant images found, not of all that exist, as in torchmetrics' `RetrievalMAP(top_k=k)`.
 *
 * @param positions 0-based ranks of all relevant images, ascending; at least one
 * @example
 * averagePrecisionAt([0, 3, 30], 20) // => 0.75
 * averagePrecisionAt([30], 20) // => 0
 */
export const averagePrecisionAt = (positions: ArrayLike<number>, k: number): number => {
  let sum = 0
  let found = 0
  while (found < positions.length && positions[found] < k) sum += (found + 1) / (positions[found++] + 1)
  return found === 0 ? 0 : sum / found
}

/** The figure `mAP@k`. */
export const mapAtK = defineMetric({
  name: "map@k",
  label: "mAP",
  group: "standard",
  kind: "relation",
  depths: "all",
  title: "mean of the precisions at the relevant images among the first k, as torchmetrics' RetrievalMAP with top_k",
  note: "mAP@k divides by the number of relevant images among the first k, so it cannot be compared with mAP.",
  of: averagePrecisionAt
})
