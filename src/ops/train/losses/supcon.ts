import { positive } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { totalOfOthers } from "./others.ts"
import { isSoft, type RelationChoice, relationParam, relevanceOf } from "./relations.ts"
import { weightedLogSoftmax } from "./softmax-pairs.ts"

export interface SupervisedContrastiveOptions {
  readonly temperature?: number
  /** Relevance of each other image as a positive. */
  readonly relation?: RelationChoice
}

/** Divides each row, without its diagonal, by its sum and by the number of rows that have one. */
const shares = (relevance: Float64Array, rows: number): Float64Array => {
  const totals = Array.from({ length: rows === 0 ? 0 : relevance.length / rows }, (_, i) =>
    totalOfOthers(relevance, rows, i)
  )
  const anchors = totals.filter((total) => total > 0).length
  const weights = new Float64Array(relevance.length)
  totals.forEach((total, i) => {
    if (total <= 0) return
    for (let p = 0; p < rows; p++) if (p !== i) weights[i * rows + p] = relevance[i * rows + p] / total / anchors
  })
  return weights
}

/**
 * Supervised contrastive loss (Khosla et al., NeurIPS 2020, the form L_out): for each anchor the mean over its positives, by
 * their relevance r, of -log(exp(s_ip / t) / sum over a != i of exp(s_ia / t)), with cosine similarities s. The loss is the
 * mean over anchors that have positives. A relation of 0 and 1 gives the published loss; a graded one weighs the positives.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0, 0, 1), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * supervisedContrastive(input, { temperature: 1 }).value.toFixed(6) // => "0.313262"
 */
export const supervisedContrastive = (
  { anchors, labels, rows, soft, values, team }: LossInput,
  { relation = "graded_jaccard", temperature = 0.1 }: SupervisedContrastiveOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const weights = shares(relevanceOf(soft ?? labels, rows, relation, anchors), rows)
  const { dS, value } = weightedLogSoftmax(similarities(given, anchors), weights, rows, temperature, anchors)
  return { value, gradient: toEmbeddings(dS, given, anchors), floor: Number.NaN }
}

/** The loss `supcon`. */
export const supcon = defineLoss({
  name: "supcon",
  title: "Supervised contrastive loss; positives count by their relevance",
  source: "Khosla et al., NeurIPS 2020",
  on: "embeddings",
  memory: true,
  soft: ({ relation }) => isSoft(relation),
  params: {
    relation: relationParam("graded_jaccard"),
    temperature: positive("Divides similarities before the softmax.", 0.1)
  },
  loss: (own) => (input) => supervisedContrastive(input, own)
})
