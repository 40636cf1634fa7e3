import { positive } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { type RelationChoice, relationParam, relevanceOf } from "./relations.ts"
import { gradedPrecision, others, rankBuffers } from "./smooth-rank.ts"

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
  { labels, rows, values }: LossInput,
  { relation = "graded_jaccard", temperature = 0.01 }: GradedPrecisionOptions = {}
): LossValue => {
  const relevance = relevanceOf(labels, rows, relation)
  const totals = Array.from({ length: rows }, (_, q) => others(relevance, rows, q).reduce((sum, r) => sum + r, 0))
  const anchors = totals.filter((total) => total > 0).length
  if (anchors === 0) return { value: 0, gradient: new Float32Array(values.length), floor: 0 }
  const given = directions(values, rows)
  const S = similarities(given)
  const dS = new Float64Array(rows * rows)
  const buffers = rankBuffers(rows - 1)
  let precision = 0
  totals.forEach((total, q) => {
    if (total <= 0) return
    const slope = new Float64Array(rows - 1)
    const graded = { relevance: others(relevance, rows, q), scale: 1 / (anchors * total) }
    precision += gradedPrecision(others(S, rows, q), graded, temperature, buffers, slope)
    slope.forEach((value, i) => {
      dS[q * rows + (i < q ? i : i + 1)] -= value
    })
  })
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
