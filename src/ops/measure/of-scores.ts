/**
 * The metrics for one query given as scores: what most programs have at hand. The formulas are those of `metrics/`, which
 * take ranks; these functions sort first. All of them are pure.
 */
import { averageCumulativeGain } from "./metrics/acg.ts"
import { averagePrecision as ofRanks } from "./metrics/average-precision.ts"
import { averagePrecisionAtR as atROfRanks } from "./metrics/map-at-r.ts"
import { reciprocalRank as reciprocalOfRanks } from "./metrics/mrr.ts"
import { normalisedDiscountedCumulativeGain } from "./metrics/ndcg.ts"
import { plainAveragePrecision as plainOfRanks } from "./metrics/plain-average-precision.ts"
import { plainPrecision } from "./metrics/plain-precision.ts"
import { rPrecision as rPrecisionOfRanks } from "./metrics/r-precision.ts"
import { recallAt } from "./metrics/recall.ts"
import { weightedAveragePrecision } from "./metrics/wap.ts"
import { jaccardDistance } from "./relevance.ts"

/** One value per database image: 1 or `true` if it is relevant to the query. */
export type Relevant = ArrayLike<number> | ArrayLike<boolean>

/** Database positions by descending score, equal scores by ascending position. */
const orderOf = (scores: ArrayLike<number>, count: number): Int32Array => {
  if (scores.length !== count) throw new RangeError(`${scores.length} scores for ${count} images: give one per image`)
  for (let i = 0; i < scores.length; i++) if (Number.isNaN(scores[i])) throw new RangeError(`score ${i} is NaN`)
  return Int32Array.from({ length: count }, (_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b)
}

/**
 * The 0-based ranks of the relevant images, ascending.
 *
 * @param relevant [n]
 * @param scores [n], greater is more similar; ties are ordered by position
 * @throws RangeError if the lengths differ or a score is NaN
 * @example
 * ranksOf([0, 1, 1], [0.9, 0.2, 0.5]) // => Int32Array.of(1, 2)
 */
export const ranksOf = (relevant: Relevant, scores: ArrayLike<number>): Int32Array => {
  const order = orderOf(scores, relevant.length)
  return Int32Array.from(order.keys()).filter((rank) => Boolean(relevant[order[rank]]))
}

const defined =
  (metric: (positions: Int32Array) => number | null) =>
  (relevant: Relevant, scores: ArrayLike<number>): number | null => {
    const positions = ranksOf(relevant, scores)
    return positions.length === 0 ? null : metric(positions)
  }

const atDepth =
  (metric: (positions: Int32Array, k: number) => number) =>
  (relevant: Relevant, scores: ArrayLike<number>, k: number): number | null => {
    checkDepth(k, relevant.length)
    const positions = ranksOf(relevant, scores)
    return positions.length === 0 ? null : metric(positions, k)
  }

const checkDepth = (k: number, count: number): void => {
  if (Number.isInteger(k) && k >= 1 && k <= count) return
  throw new RangeError(`the depth ${k} is not a whole number from 1 to ${count}`)
}

/**
 * Average precision by the trapezoidal rule, as the original and the Oxford and Paris benchmarks compute it (Philbin et al.
 * 2007); null if nothing is relevant.
 *
 * @example
 * averagePrecision([1, 0, 1], [0.9, 0.5, 0.7]) // => 1
 * averagePrecision([1, 0], [0.1, 0.5]) // => 0.25
 */
export const averagePrecision = defined((positions) => ofRanks(positions, positions.length))

/**
 * Average precision without interpolation, the mean of the precisions at the relevant images; null if nothing is relevant.
 *
 * @example
 * plainAveragePrecision([1, 0], [0.1, 0.5]) // => 0.5
 */
export const plainAveragePrecision = defined(plainOfRanks)

/**
 * Average precision at R (Musgrave et al., ECCV 2020); null if nothing is relevant.
 *
 * @example
 * averagePrecisionAtR([1, 0, 1], [0.9, 0.8, 0.7]) // => 0.5
 */
export const averagePrecisionAtR = defined(atROfRanks)

/**
 * One over the 1-based rank of the first relevant image; null if nothing is relevant.
 *
 * @example
 * reciprocalRank([0, 1, 1], [0.9, 0.8, 0.7]) // => 0.5
 */
export const reciprocalRank = defined(reciprocalOfRanks)

/**
 * Precision among the first R results, R the number of relevant images; null if nothing is relevant.
 *
 * @example
 * rPrecision([0, 1, 1], [0.9, 0.8, 0.7]) // => 0.5
 */
export const rPrecision = defined(rPrecisionOfRanks)

/**
 * Share of relevant images among the first k; null if nothing is relevant.
 *
 * @example
 * precision([1, 0, 1, 0], [4, 3, 2, 1], 2) // => 0.5
 */
export const precision = atDepth(plainPrecision)

/**
 * Share of the relevant images that is among the first k; null if nothing is relevant.
 *
 * @example
 * recall([1, 0, 1, 0], [4, 3, 2, 1], 2) // => 0.5
 */
export const recall = atDepth(recallAt)

const graded =
  (metric: (shared: ArrayLike<number>, k: number) => number) =>
  (shared: ArrayLike<number>, scores: ArrayLike<number>, k: number): number => {
    checkDepth(k, shared.length)
    const order = orderOf(scores, shared.length)
    return metric(
      Float64Array.from(order, (at) => shared[at]),
      k
    )
  }

/**
 * Average cumulative gain: the mean number of labels that the query shares with the first k images.
 *
 * @param shared labels that the query shares with each image, [n]
 * @example
 * ACG([2, 0, 1], [0.9, 0.5, 0.7], 2) // => 1.5
 */
export const ACG = graded(averageCumulativeGain)

/**
 * nDCG@k with gain 2^c - 1 against the best order of the same k results, as the original computes it.
 *
 * @param shared labels that the query shares with each image, [n]
 * @example
 * nDCG([0, 1], [0.9, 0.5], 2).toFixed(4) // => "0.6309"
 */
export const nDCG = graded(normalisedDiscountedCumulativeGain)

/**
 * Weighted average precision at k (Zhao et al., CVPR 2015): the mean of ACG@i over the ranks i <= k that share a label.
 *
 * @param shared labels that the query shares with each image, [n]
 * @example
 * wAP([2, 0, 1], [0.9, 0.5, 0.7], 3).toFixed(4) // => "1.7500"
 */
export const wAP = graded(weightedAveragePrecision)

/** One query: which images are relevant, and their scores. */
export interface ScoredQuery {
  readonly relevant: Relevant
  readonly scores: ArrayLike<number>
}

/**
 * Mean of `averagePrecision` over the queries that have a relevant image; null if none has.
 *
 * @example
 * const queries = [{ relevant: [1, 0], scores: [2, 1] }, { relevant: [1, 0], scores: [1, 2] }]
 * mAP(queries) // => 0.625
 */
export const mAP = (queries: Iterable<ScoredQuery>): number | null => {
  let [sum, count] = [0, 0]
  for (const { relevant, scores } of queries) {
    const value = averagePrecision(relevant, scores)
    if (value === null) continue
    sum += value
    count++
  }
  return count === 0 ? null : sum / count
}

/**
 * Jaccard distance of two multi-hot label vectors, 1 - |A and B| / |A or B|; 0 for two empty ones.
 *
 * @example
 * jaccardDistanceOf([1, 1, 0], [1, 0, 0]) // => 0.5
 */
export const jaccardDistanceOf = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) throw new RangeError(`label vectors of ${a.length} and ${b.length} classes`)
  let [both, either] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    if (a[i] > 0 && b[i] > 0) both++
    if (a[i] > 0 || b[i] > 0) either++
  }
  return jaccardDistance(both, either)
}
