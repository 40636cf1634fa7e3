import { defineMetric } from "./metric.ts"

/** Added to divisors, as in the original, so that nDCG and wAP are 0 and not undefined if no label is shared. */
export const EPSILON = 1e-6

/**
 * Gain of c shared labels at the 0-based rank i: (2^c - 1) / log2(2 + i) (Burges et al. 2005).
 *
 * @example
 * gain(2, 0) // => 3
 */
export const gain = (c: number, i: number): number => (2 ** c - 1) / Math.log2(2 + i)

/**
 * Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002, with the exponential gain of Burges et al. 2005):
 * DCG / (IDCG + 1e-6), DCG the sum of (2^c_i - 1) / log2(1 + i). The ideal order is that of the same k results, not of the
 * whole database. The original adds 1e-6, so a perfect order scores just under 1.
 *
 * @param shared labels that each result shares with the query, best result first; at least k
 * @param k at least 1
 * @returns from 0 to just under 1
 * @example
 * normalisedDiscountedCumulativeGain([1, 0], 2).toFixed(6) // => "0.999999"
 * normalisedDiscountedCumulativeGain([0, 0], 2) // => 0
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

/** The figure `nDCG@k`. */
export const ndcg = defineMetric({
  name: "nDCG",
  label: "nDCG",
  group: "original",
  kind: "graded",
  title: "discounted gain 2^c - 1 of c shared labels, over that of the best order of the same k results plus 1e-6",
  of: ({ shared }, k) => normalisedDiscountedCumulativeGain(shared, k)
})
