/**
 * Measures of graded relevance over the first k results, from the numbers c_1 .. c_k of labels that they share with the
 * query. `shared` holds at least k of them, best result first; k is at least 1.
 */

/** Keeps nDCG and wAP defined where nothing is shared, as the original does; so a perfect ranking scores just under 1. */
const EPSILON = 1e-6

/** Average cumulative gain (Järvelin and Kekäläinen 2002): the mean of c_1 .. c_k. */
export const averageCumulativeGain = (shared: ArrayLike<number>, k: number): number => {
  let sum = 0
  for (let i = 0; i < k; i++) sum += shared[i]
  return sum / k
}

/** What c shared labels are worth at the 0-based rank i: (2^c - 1) / log2(2 + i). */
export const gain = (c: number, i: number): number => (2 ** c - 1) / Math.log2(2 + i)

/**
 * Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002, with the exponential gain of Burges et al. 2005):
 * DCG / (IDCG + 1e-6), DCG the sum of (2^c_i - 1) / log2(1 + i). The ideal order is that of the same k results, not of
 * the whole database.
 *
 * @returns from 0 to just under 1
 */
export const normalisedDiscountedCumulativeGain = (shared: ArrayLike<number>, k: number): number => {
  const sorted = Array.from({ length: k }, (_, i) => shared[i]).sort((a, b) => b - a)
  let dcg = 0
  let ideal = 0
  for (let i = 0; i < k; i++) {
    dcg += gain(shared[i], i)
    ideal += gain(sorted[i], i)
  }
  return dcg / (ideal + EPSILON)
}

/**
 * Weighted average precision (Zhao et al., "Deep Semantic Ranking Based Hashing for Multi-Label Image Retrieval",
 * CVPR 2015): the mean of ACG@i over the i <= k with c_i > 0; the divisor is their number + 1e-6.
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
