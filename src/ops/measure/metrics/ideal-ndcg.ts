import { defineMetric } from "./metric.ts"
import { gain } from "./ndcg.ts"

/**
 * Normalised discounted cumulative gain against the best possible order of the whole database: DCG / IDCG of the first k
 * with gain 2^c - 1 and discount 1 / log2(1 + i) (Järvelin and Kekäläinen 2002, Burges et al. 2005).
 *
 * @param shared labels that the first k results share with the query
 * @param counts number of images in the database that share c labels with the query, by c
 * @returns null if nothing in the database shares a label
 * @example
 * idealNormalisedGain([0], [1, 1], 1) // => 0
 * idealNormalisedGain([1], [1, 1], 1) // => 1
 */
export const idealNormalisedGain = (shared: ArrayLike<number>, counts: ArrayLike<number>, k: number): number | null => {
  let dcg = 0
  let ideal = 0
  let best = counts.length - 1
  let left = counts[best] ?? 0
  for (let i = 0; i < k; i++) {
    while (left === 0 && best > 0) left = counts[--best]
    dcg += gain(shared[i], i)
    if (best > 0) ideal += gain(best, i)
    left--
  }
  return ideal === 0 ? null : dcg / ideal
}

/** The figure `ideal nDCG@k`. */
export const idealNdcg = defineMetric({
  name: "ndcg",
  label: "ideal nDCG",
  group: "standard",
  kind: "graded",
  title: "nDCG of the number of shared labels, against the best order of the whole database",
  note: "Ideal nDCG weighs the number of shared labels, against the best order of the whole database, over the queries that share a label with any image.",
  of: ({ counts, shared }, k) => idealNormalisedGain(shared, counts(), k)
})
