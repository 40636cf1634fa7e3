/** Calibration of scores: which score means which precision, over all pairs of a query and a database image. */

import { random } from "../../pipeline/random.ts"
import { intervalOf } from "./bootstrap.ts"

/** Bins of scores from -1 to 1. */
export const BINS = 400
const WIDTH = 2 / BINS

/** Counts of one query or of several: pairs, and relevant pairs, by bin of their score, ascending. */
export interface Counts {
  readonly pairs: Uint32Array
  readonly relevant: Uint32Array
}

export const noCounts = (): Counts => ({ pairs: new Uint32Array(BINS), relevant: new Uint32Array(BINS) })

/** Bin of a score; scores that rounding puts outside of -1 to 1 belong to the outermost bins. */
const binOf = (score: number): number => Math.min(BINS - 1, Math.max(0, Math.floor((score + 1) / WIDTH)))

/** Least score of a bin. */
export const scoreOf = (bin: number): number => Number((bin * WIDTH - 1).toFixed(6))

/** Counts of one query. */
export const countsOf = (scores: Float32Array, isRelevant: (rank: number) => boolean): Counts => {
  const counts = noCounts()
  for (let rank = 0; rank < scores.length; rank++) {
    const bin = binOf(scores[rank])
    counts.pairs[bin]++
    if (isRelevant(rank)) counts.relevant[bin]++
  }
  return counts
}

/** Adds counts, in place. */
export const addCounts = (into: Counts, { pairs, relevant }: Counts): void => {
  for (let bin = 0; bin < BINS; bin++) {
    into.pairs[bin] += pairs[bin]
    into.relevant[bin] += relevant[bin]
  }
}

/** A threshold and what results at or above it are like. */
export interface Threshold {
  /** The least score, in steps of 0.005, such that results at or above it have the wanted precision; null if none has it. */
  readonly threshold: number | null
  /** Share of all relevant pairs that lies at or above it. */
  readonly recall: number | null
  /** Results at or above it per query. */
  readonly results: number | null
}

/** The threshold for a precision: of all that reach it, the lowest, which keeps the most results. */
export const thresholdAt = ({ pairs, relevant }: Counts, precision: number, queries: number): Threshold => {
  let [above, found] = [0, 0]
  let best: { readonly bin: number; readonly above: number; readonly found: number } | undefined
  for (let bin = BINS - 1; bin >= 0; bin--) {
    above += pairs[bin]
    found += relevant[bin]
    if (pairs[bin] > 0 && found >= precision * above) best = { bin, above, found }
  }
  if (best === undefined) return { threshold: null, recall: null, results: null }
  const recall = found === 0 ? null : best.found / found
  return { threshold: scoreOf(best.bin), recall, results: best.above / queries }
}

/**
 * 95 % interval of a threshold over resamples of the queries; undefined if no resample reaches the precision.
 *
 * @param seed with the number of a resample, the key of its draws
 */
export const thresholdInterval = (
  all: ReadonlyArray<Counts>,
  precision: number,
  seed: number,
  resamples: number
): readonly [low: number, high: number] | undefined =>
  intervalOf(
    Float64Array.from({ length: resamples }, (_, draw) => {
      const { int } = random(seed, 0, draw, "bootstrap")
      const drawn = noCounts()
      for (let i = 0; i < all.length; i++) addCounts(drawn, all[int(all.length)])
      return thresholdAt(drawn, precision, all.length).threshold ?? Number.NaN
    })
  )

/** Precision of the pairs in each bin that has any, ascending by score. */
export const curveOf = ({ pairs, relevant }: Counts) =>
  Array.from(pairs, (count, bin) => ({ score: scoreOf(bin), pairs: count, precision: relevant[bin] / count })).filter(
    (one) => one.pairs > 0
  )
