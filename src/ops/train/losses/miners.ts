/** Miners: which pairs and triplets of a batch a loss looks at, chosen by how near they are. */

import { representative } from "./representative.ts"
import { complete, type Selected } from "./selection.ts"
import { best, type Mined, type Triplet } from "./triplets.ts"

/**
 * The pairs that say something (Wang et al., CVPR 2019): negatives nearer than the farthest positive plus `slack`, positives
 * farther than the nearest negative less `slack`. Anchors without positives or without negatives have none.
 *
 * @param S similarities [anchors, rows]
 */
export const informative = (
  S: Float64Array,
  rows: number,
  pairs: ReadonlyArray<Selected>,
  slack: number
): ReadonlyArray<Selected> =>
  complete(pairs).map(({ anchor, negatives, positives }) => {
    const base = anchor * rows
    let [farthest, nearest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const i of positives) farthest = Math.min(farthest, S[base + i])
    for (const i of negatives) nearest = Math.max(nearest, S[base + i])
    return {
      anchor,
      // Not `>` and `<`: NaN must stay NaN.
      positives: positives.filter((i) => !(S[base + i] - slack >= nearest)),
      negatives: negatives.filter((i) => !(S[base + i] + slack <= farthest))
    }
  })

/** Finds triplets for one anchor. */
type Miner = (pairs: Selected, given: Mined) => ReadonlyArray<Triplet>
/** Finds triplets for all anchors that have both positives and negatives. */
type BatchMiner = (pairs: ReadonlyArray<Selected>, given: Mined) => ReadonlyArray<Triplet>

const each =
  (miner: Miner): BatchMiner =>
  (pairs, given) =>
    pairs.flatMap((one) => miner(one, given))

/** The farthest positive and the nearest negative of each anchor (Hermans et al., 2017). */
const hard: Miner = ({ anchor, negatives, positives }, { distances, rows }) => {
  const d = (i: number) => distances[anchor * rows + i]
  return [{ anchor, positive: best(positives, d), negative: best(negatives, (i) => -d(i)) }]
}

/**
 * One negative for each pair of an anchor and a positive: the nearest one that is farther than the positive. If none is, the
 * farthest one (Schroff et al., CVPR 2015).
 */
const semiHard: Miner = ({ anchor, negatives, positives }, { distances, rows }) => {
  const d = (i: number) => distances[anchor * rows + i]
  return positives.map((positive) => {
    const farther = negatives.filter((i) => d(i) > d(positive))
    const negative = farther.length > 0 ? best(farther, (i) => -d(i)) : best(negatives, d)
    return { anchor, positive, negative }
  })
}

/** Distances below it count as it: their weights would exceed all others. */
const NEAR = 0.5
/** Negatives from this distance on give no loss. */
const FAR = 1.4

/** Number of steps that a drawn share of the total weight has. */
const STEPS = 2 ** 30

/**
 * One negative, drawn with the inverse of the density of distances on a sphere (Wu et al., ICCV 2017):
 * d^(2 - n) (1 - d^2 / 4)^((3 - n) / 2) for dimension n. A distance below 0.5 counts as 0.5. Negatives at a distance of 1.4 or
 * more are left out; if all are that far, they are drawn evenly.
 */
export const drawnByDistance = (
  anchor: number,
  negatives: ReadonlyArray<number>,
  given: Pick<Mined, "choose" | "dim" | "distances" | "rows">
): number => {
  const { choose, dim, distances, rows } = given
  const near = negatives.filter((i) => !(distances[anchor * rows + i] >= FAR))
  if (near.length === 0) return negatives[choose(negatives.length)]
  const logs = near.map((i) => {
    const d = Math.max(NEAR, distances[anchor * rows + i])
    return (2 - dim) * Math.log(d) + ((3 - dim) / 2) * Math.log(1 - (d * d) / 4)
  })
  const most = Math.max(...logs)
  const weights = logs.map((log) => Math.exp(log - most))
  let left = ((choose(STEPS) + 0.5) / STEPS) * weights.reduce((sum, weight) => sum + weight, 0)
  const at = weights.findIndex((weight) => {
    left -= weight
    return left <= 0
  })
  return near[at === -1 ? near.length - 1 : at]
}

const distanceWeighted: Miner = ({ anchor, negatives, positives }, given) =>
  positives.map((positive) => ({ anchor, positive, negative: drawnByDistance(anchor, negatives, given) }))

/** Every positive with every negative. */
const all: Miner = ({ anchor, negatives, positives }) =>
  positives.flatMap((positive) => negatives.map((negative) => ({ anchor, positive, negative })))

/** The name of a miner of triplets. */
export type MinerName = "all" | "hard" | "semi_hard" | "distance_weighted" | "representative"

/** Every miner of triplets. A new one is a function above and its name here. */
const miners: Readonly<Record<MinerName, BatchMiner>> = {
  all: each(all),
  hard: each(hard),
  semi_hard: each(semiHard),
  distance_weighted: each(distanceWeighted),
  representative
}

export const minerNames = Object.keys(miners) as ReadonlyArray<MinerName>

/** The triplets that a miner finds for anchors with both positives and negatives. */
export const tripletsOf = (miner: MinerName, pairs: ReadonlyArray<Selected>, given: Mined): ReadonlyArray<Triplet> =>
  miners[miner](complete(pairs), given)

/**
 * Visits the triplets that a miner finds. Those of `all` are not kept: a batch of 300 has a million.
 *
 * @returns their number
 */
export const visitTriplets = (
  miner: MinerName,
  pairs: ReadonlyArray<Selected>,
  given: Mined,
  visit: (anchor: number, positive: number, negative: number) => void
): number => {
  if (miner !== "all") {
    const triplets = tripletsOf(miner, pairs, given)
    for (const { anchor, negative, positive } of triplets) visit(anchor, positive, negative)
    return triplets.length
  }
  let count = 0
  for (const { anchor, negatives, positives } of complete(pairs)) {
    count += positives.length * negatives.length
    for (const positive of positives) for (const negative of negatives) visit(anchor, positive, negative)
  }
  return count
}
