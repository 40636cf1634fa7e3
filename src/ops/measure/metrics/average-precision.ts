import { defineMetric } from "./metric.ts"

/**
 * Average precision as the area under the precision-recall curve by the trapezoidal rule, as in the Oxford and Paris
 * retrieval benchmarks (Philbin et al. 2007; Radenović et al. 2018): with r_j the 0-based rank of the j-th relevant
 * image, the mean over the m relevant ones of (p0 + p1) / 2, p0 = j / r_j (1 where r_j = 0), p1 = (j + 1) / (r_j + 1).
 *
 * It differs from the mean of precisions at hits: one relevant image at rank 1 (0-based) gives 0.25, not 0.5.
 *
 * @param positions 0-based ranks of the retrieved relevant images, ascending
 * @param relevant the number m of relevant images; more than `positions` if some were not retrieved
 * @returns from 0 to 1; null if nothing is relevant
 * @throws RangeError if images are relevant and none of them was retrieved
 * @example
 * averagePrecision([0, 1], 2) // => 1
 * averagePrecision([1], 1) // => 0.25
 */
export const averagePrecision = (positions: ArrayLike<number>, relevant: number): number | null => {
  if (relevant === 0) return null
  if (positions.length === 0) {
    const problem = `none of ${relevant} relevant images is in the ranking`
    throw new RangeError(`average precision: ${problem}. Rank the whole database, or leave the query out.`)
  }
  let sum = 0
  for (let j = 0; j < positions.length; j++) {
    const r = positions[j]
    sum += (r === 0 ? 1 : j / r) + (j + 1) / (r + 1)
  }
  return sum / (2 * relevant)
}

/** The figure `mAP`. */
export const meanAveragePrecision = defineMetric({
  name: "mAP",
  label: "mAP",
  group: "original",
  kind: "relation",
  depths: "none",
  title: "trapezoidal average precision",
  of: (positions) => averagePrecision(positions, positions.length)
})

/**
 * Ranks of the relevant images after junk, images that count neither way, is removed from the ranking: each moves up by
 * the number of junk images before it.
 *
 * @param positions 0-based, ascending
 * @param junk 0-based, ascending, none of them among `positions`
 * @example
 * withoutJunk([2, 5], [0, 3]) // => Int32Array.of(1, 3)
 */
export const withoutJunk = (positions: ArrayLike<number>, junk: ArrayLike<number>): Int32Array => {
  let before = 0
  return Int32Array.from(positions, (position) => {
    while (before < junk.length && junk[before] < position) before++
    return position - before
  })
}
