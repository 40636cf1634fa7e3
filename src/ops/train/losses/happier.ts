import { positive } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { shared } from "./every-row.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { totalOfOthers } from "./others.ts"
import { everyPrecision, gradedAnchors } from "./precisions.ts"
import { type RelationChoice, relationParam, relevanceOf } from "./relations.ts"

export interface GradedPrecisionOptions {
  readonly temperature?: number
  readonly relation?: RelationChoice
}

/**
 * Average precision under graded relevance r (H-AP of HAPPIER; Ramzi et al., ECCV 2022): for each anchor, 1 / (sum of r) times
 * the sum over others k of (r_k + sum over j of min(r_k, r_j) G(s_j - s_k)) / (1 + sum over j of G(s_j - s_k)). The loss is
 * the mean over anchors with any relevance of 1 - H-AP.
 *
 * The ranks are smoothed by the sigmoid G of Smooth-AP, in place of the paper's piecewise bound. The paper adds a loss on
 * learned class centres, which is not part of this one.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const values = Float32Array.of(1, 0, 1, 0.1, 0, 1, 0.1, 1)
 * hierarchicalPrecision({ values, labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1), rows: 4 }).value.toFixed(6) // => "0.000000"
 */
export const hierarchicalPrecision = (
  { labels, rows, team, values }: LossInput,
  { relation = "graded_jaccard", temperature = 0.01 }: GradedPrecisionOptions = {}
): LossValue => {
  const relevance = relevanceOf(labels, rows, relation)
  const totals = Float64Array.from({ length: rows }, (_, q) => totalOfOthers(relevance, rows, q))
  const anchors = totals.filter((total) => total > 0).length
  if (anchors === 0) return { value: 0, gradient: new Float32Array(values.length), floor: 0 }
  const given = directions({ values, rows, team })
  const graded = {
    S: similarities(given),
    relevance: shared(given.team, "relevance", relevance),
    totals,
    anchors,
    rows,
    temperature
  }
  const { dS, precision } = everyPrecision(gradedAnchors, graded, given.team)
  return { value: 1 - precision, gradient: toEmbeddings(dS, given), floor: 0 }
}

/** The loss `happier`. */
export const happier = defineLoss({
  name: "happier",
  title: "Smooth average precision under graded relevance",
  source: "Ramzi et al., ECCV 2022",
  on: "embeddings",
  params: {
    relation: relationParam("graded_jaccard"),
    temperature: positive("Differences of similarity well above it count as an order.", 0.01)
  },
  loss: (own) => (input) => hierarchicalPrecision(input, own)
})
