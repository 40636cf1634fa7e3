import { defineMetric } from "./metric.ts"
import { EPSILON } from "./ndcg.ts"

/**
 * Weighted average precision (Zhao et al., "Deep Semantic Ranking Based Hashing for Multi-Label Image Retrieval",
 * CVPR 2015): the mean of ACG@i over the i <= k with c_i > 0. The divisor is their number plus 1e-6, as in the original,
 * so the result is 0 if no label is shared.
 *
 * @param shared labels that each result shares with the query, best result first; at least k
 * @param k at least 1
 * @example
 * weightedAveragePrecision([2, 0, 1], 3).toFixed(4) // => "1.5000"
 */
export const weightedAveragePrecision = (shared: ArrayLike<number>, k: number): number => {
  let cumulated = 0
  let sum = 0
  let hits = 0
  for (let i = 0; i < k; i++) {
    cumulated += shared[i]
    if (shared[i] > 0) {
      sum += cumulated / (i + 1)
      hits++
    }
  }
  return sum / (hits + EPSILON)
}

/** The figure `wAP@k`. */
export const wap = defineMetric({
  name: "wAP",
  label: "wAP",
  group: "original",
  kind: "graded",
  title: "mean of ACG@i over the ranks i <= k whose image shares a label; 1e-6 is added to their number",
  of: ({ shared }, k) => weightedAveragePrecision(shared, k)
})
