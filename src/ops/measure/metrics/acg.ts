import { defineMetric } from "./metric.ts"

/**
 * Average cumulative gain (Järvelin and Kekäläinen 2002): the mean of c_1 .. c_k.
 *
 * @param shared labels that each result shares with the query, best result first; at least k
 * @param k at least 1
 * @example
 * averageCumulativeGain([2, 1, 0, 3], 2) // => 1.5
 */
export const averageCumulativeGain = (shared: ArrayLike<number>, k: number): number => {
  let sum = 0
  for (let i = 0; i < k; i++) sum += shared[i]
  return sum / k
}

/** The figure `ACG@k`. */
export const acg = defineMetric({
  name: "ACG",
  label: "ACG",
  group: "original",
  kind: "graded",
  title: "mean number of labels that the query shares with the first k images",
  of: ({ shared }, k) => averageCumulativeGain(shared, k)
})
