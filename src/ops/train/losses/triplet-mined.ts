import { oneOf, positive } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { type Choose, defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { type MinerName, minerNames, visitTriplets } from "./miners.ts"
import { type RelationChoice, related, relationParam, relevanceOf } from "./relations.ts"
import { candidates } from "./selection.ts"
import type { Mined } from "./triplets.ts"
import { distanceBetween, fromUnitDistances, unitDistances } from "./unit-distances.ts"

export interface MinedTripletOptions {
  readonly relation?: RelationChoice
  readonly margin?: number
  readonly miner?: MinerName
}

/**
 * Triplet margin loss on directions: the mean over mined triplets of max(0, margin + d(a, p) - d(a, n)), with distances from 0
 * to 2. The miners: `hard` (Hermans et al., 2017), `semi_hard` (Schroff et al., CVPR 2015), `distance_weighted` (Wu et al.,
 * ICCV 2017), `representative` (Sumbul et al., IEEE TGRS 2021) and `all`.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @param choose draws negatives of `distance_weighted`
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0, -1, 0), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * tripletMined(input, () => 0, { margin: 3 }).value // => 1
 */
export const tripletMined = (
  { labels, rows, values, team, anchors = rows }: LossInput,
  choose: Choose,
  { margin = 0.2, miner = "semi_hard", relation = "jaccard" }: MinedTripletOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const distances = unitDistances(similarities(given, anchors))
  const pairs = candidates(related(labels, rows, relation, anchors), "nowhere")
  const slopes = new Float64Array(anchors * rows)
  let sum = 0
  const mined: Mined = {
    distances,
    rows,
    dim: given.dim,
    choose,
    relevance: () => relevanceOf(labels, rows, "graded_jaccard", anchors),
    between: distanceBetween(given)
  }
  const count = visitTriplets(miner, pairs, mined, (anchor, near, negative) => {
    const hinge = margin + distances[anchor * rows + near] - distances[anchor * rows + negative]
    // Not `hinge > 0`: NaN must stay NaN.
    if (hinge <= 0) return
    sum += hinge
    slopes[anchor * rows + near] += 1
    slopes[anchor * rows + negative] -= 1
  })
  const share = 1 / Math.max(1, count)
  for (let at = 0; at < slopes.length; at++) slopes[at] *= share
  const dS = fromUnitDistances(slopes, distances)
  return { value: sum * share, gradient: toEmbeddings(dS, given, anchors), floor: 0 }
}

/** The loss `triplet`. */
export const tripletLoss = defineLoss({
  name: "triplet",
  title: "Triplet margin loss on directions, over triplets that a miner finds",
  source: "Schroff et al., CVPR 2015",
  on: "embeddings",
  memory: true,
  params: {
    relation: relationParam("jaccard"),
    margin: positive("Margin of the hinge, on distances from 0 to 2.", 0.2),
    miner: oneOf(minerNames, "Which triplets count.", "semi_hard")
  },
  loss: (own) => (input, choose) => tripletMined(input, choose, own)
})
