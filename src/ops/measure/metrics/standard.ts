/**
 * The field's usual measures, beside the original's of the same names. All of them take the 0-based ranks of *all*
 * relevant images of a query, ascending, of which there is at least one; all give a value from 0 to 1.
 */
import { gain } from "./graded.ts"

/** How many of the ascending positions are below k. */
const within = (positions: ArrayLike<number>, k: number): number => {
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (positions[middle] < k) low = middle + 1
    else high = middle
  }
  return low
}

/** The share of relevant images among the first k. */
export const plainPrecision = (positions: ArrayLike<number>, k: number): number => within(positions, k) / k

/** The share of the relevant images that is among the first k. */
export const recall = (positions: ArrayLike<number>, k: number): number => within(positions, k) / positions.length

/** Precision among the first R, R the number of relevant images (Manning et al., Introduction to Information Retrieval, 8.4). */
export const rPrecision = (positions: ArrayLike<number>): number => plainPrecision(positions, positions.length)

/** One over the 1-based rank of the first relevant image; its mean over queries is MRR (Voorhees 1999). */
export const reciprocalRank = (positions: ArrayLike<number>): number => 1 / (positions[0] + 1)

/** Average precision without interpolation: the mean of the precisions at the relevant images. */
export const plainAveragePrecision = (positions: ArrayLike<number>): number => {
  let sum = 0
  for (let j = 0; j < positions.length; j++) sum += (j + 1) / (positions[j] + 1)
  return sum / positions.length
}

/**
 * Average precision at R: the precisions at the relevant images among the first R, over R, the number of relevant images
 * (Musgrave et al., "A Metric Learning Reality Check", ECCV 2020).
 */
export const averagePrecisionAtR = (positions: ArrayLike<number>): number => {
  let sum = 0
  for (let j = 0; j < positions.length && positions[j] < positions.length; j++) sum += (j + 1) / (positions[j] + 1)
  return sum / positions.length
}

/**
 * Normalised discounted cumulative gain of graded relevance, which is the gain itself (Järvelin and Kekäläinen 2002).
 *
 * @param grades of the first k results
 * @param ideal the k highest grades of the whole database, descending
 * @returns null where nothing in the database has a grade above 0
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

/**
 * Normalised discounted cumulative gain against the best possible order of the whole database: DCG / IDCG of the first k
 * with gain 2^c - 1 and discount 1 / log2(1 + i) (Järvelin and Kekäläinen 2002, Burges et al. 2005).
 *
 * @param shared labels that the first k results share with the query
 * @param counts how many images of the database share so many labels, by their number
 * @returns null where nothing in the database shares a label
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
