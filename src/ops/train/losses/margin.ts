import { oneOf, positive } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { type Choose, defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { drawnByDistance } from "./miners.ts"
import { type RelationChoice, related, relationParam } from "./relations.ts"
import { candidates, complete } from "./selection.ts"
import { fromUnitDistances, unitDistances } from "./unit-distances.ts"

export interface MarginOptions {
  readonly relation?: RelationChoice
  readonly margin?: number
  /** Distance that separates positives from negatives. */
  readonly boundary?: number
  readonly negatives?: "distance_weighted" | "all"
}

/**
 * Margin loss (Wu et al., ICCV 2017): max(0, margin + d - boundary) for pairs of an anchor and a positive,
 * max(0, margin - d + boundary) for pairs of an anchor and a negative, with distances d of directions from 0 to 2, averaged
 * over the pairs that are above 0. With `distance_weighted`, each positive comes with one negative, drawn so that all
 * distances are equally likely. The paper also learns the boundary; here it is fixed.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @param choose draws negatives
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0, -1, 0), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * marginLoss(input, () => 0, { boundary: 2.5 }).value.toFixed(2) // => "0.70"
 */
export const marginLoss = (
  { labels, rows, values, team, anchors = rows }: LossInput,
  choose: Choose,
  { boundary = 1.2, margin = 0.2, negatives: which = "distance_weighted", relation = "jaccard" }: MarginOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const distances = unitDistances(similarities(given, anchors))
  const mined = { distances, rows, dim: given.dim, choose }
  const slopes = new Float64Array(anchors * rows)
  let [sum, open] = [0, 0]
  const add = (at: number, sign: number) => {
    const hinge = margin + sign * (distances[at] - boundary)
    // Not `hinge > 0`: NaN must stay NaN.
    if (hinge <= 0) return
    sum += hinge
    open++
    slopes[at] += sign
  }
  const pairs = candidates(related(labels, rows, relation, anchors), "nowhere")
  for (const { anchor, negatives, positives } of complete(pairs)) {
    for (const positive of positives) add(anchor * rows + positive, 1)
    const far = which === "all" ? negatives : positives.map(() => drawnByDistance(anchor, negatives, mined))
    for (const negative of far) add(anchor * rows + negative, -1)
  }
  const scale = 1 / Math.max(1, open)
  for (let at = 0; at < slopes.length; at++) slopes[at] *= scale
  const dS = fromUnitDistances(slopes, distances)
  return { value: sum * scale, gradient: toEmbeddings(dS, given, anchors), floor: 0 }
}

/** The loss `margin`. */
export const marginDefinition = defineLoss({
  name: "margin",
  title: "Margin loss around a fixed boundary of distances, with negatives drawn by distance",
  source: "Wu et al., ICCV 2017",
  on: "embeddings",
  memory: true,
  params: {
    relation: relationParam("jaccard"),
    margin: positive("Margin on both sides of the boundary.", 0.2),
    boundary: positive("Distance that separates positives from negatives, from 0 to 2.", 1.2),
    negatives: oneOf(["distance_weighted", "all"], "Which negatives count.", "distance_weighted")
  },
  loss: (own) => (input, choose) => marginLoss(input, choose, own)
})
