import { averageCumulativeGain } from "./acg.ts"
import { defineMetric } from "./metric.ts"

/** The sentence on both metrics of label similarity. */
const note =
  "Label similarity is 1 - the Jaccard distance, its mean over the first results and all queries; Jaccard nDCG takes it as the gain, against the best order of the whole database, over the queries that are similar to any image."

/** The figure `label similarity@k`. */
export const labelSimilarityMetric = defineMetric({
  name: "jaccard",
  label: "label similarity",
  group: "standard",
  kind: "graded",
  title: "mean Jaccard similarity (1 - distance) of the first k",
  note,
  of: ({ similarity }, k) => averageCumulativeGain(similarity, k)
})

/**
 * Normalised discounted cumulative gain whose gain is the grade itself (Järvelin and Kekäläinen 2002).
 *
 * @param grades of the first k results
 * @param ideal the k highest grades of the whole database, descending
 * @returns null if nothing in the database has a grade above 0
 * @example
 * gradedGain([0.5], [1], 1) // => 0.5
 */
export const gradedGain = (grades: ArrayLike<number>, ideal: ArrayLike<number>, k: number): number | null => {
  let dcg = 0
  let best = 0
  for (let i = 0; i < k; i++) {
    const discount = Math.log2(2 + i)
    dcg += grades[i] / discount
    best += ideal[i] / discount
  }
  return best === 0 ? null : dcg / best
}

/** The figure `Jaccard nDCG@k`. */
export const jaccardNdcg = defineMetric({
  name: "jaccard-ndcg",
  label: "Jaccard nDCG",
  group: "standard",
  kind: "graded",
  title: "nDCG with Jaccard similarity as the gain, against the best order of the whole database",
  note,
  of: ({ best, similarity }, k) => gradedGain(similarity, best(), k)
})
