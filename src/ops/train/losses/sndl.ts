import { positive } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { isSoft, type RelationChoice, relationParam, relevanceOf } from "./relations.ts"
import { mostOfOthers } from "./softmax-pairs.ts"

export interface ScalableNeighborOptions {
  readonly temperature?: number
  /** Relevance of each other image as a neighbour. */
  readonly relation?: RelationChoice
}

/**
 * Scalable neighbor discriminative loss (Kang et al., IEEE TGRS 2021): the mean over anchors of -log(sum over p of r_ip q_ip),
 * where q_ip is the softmax over p != i of s_ip / t, s cosine similarities, and r the cosine of the label vectors. Anchors
 * without a label in common with another image do not count. The paper compares with a memory of the whole archive; this
 * loss compares with the batch, and with earlier ones if `optimise` has `xbm`. With `id_loss: ml_xent` beside it, it is the paper's SNDL-BCE.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0, 0, 1), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * scalableNeighbor(input, { temperature: 1 }).value.toFixed(6) // => "0.313262"
 */
export const scalableNeighbor = (
  { labels, rows, soft, values, team, anchors: queries = rows }: LossInput,
  { relation = "cosine", temperature = 0.1 }: ScalableNeighborOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const S = similarities(given, queries)
  const relevance = relevanceOf(soft ?? labels, rows, relation, queries)
  const dS = new Float64Array(queries * rows)
  let [sum, anchors] = [0, 0]
  for (let i = 0; i < queries; i++) {
    // The nearest neighbour may be far below the most similar image, so each sum has its own largest term.
    const [most, nearest] = [mostOfOthers(S, rows, i), mostOfOthers(S, rows, i, relevance)]
    if (nearest === Number.NEGATIVE_INFINITY) continue
    const [from, to] = [i * rows, (i + 1) * rows]
    let [all, near] = [0, 0]
    for (let at = from; at < to; at++) {
      if (at - from === i) continue
      dS[at] = Math.exp((S[at] - most) / temperature)
      all += dS[at]
      if (relevance[at] > 0) near += relevance[at] * Math.exp((S[at] - nearest) / temperature)
    }
    anchors++
    sum += (most - nearest) / temperature + Math.log(all) - Math.log(near)
    for (let at = from; at < to; at++) {
      if (at - from === i) continue
      const share = relevance[at] > 0 ? (relevance[at] * Math.exp((S[at] - nearest) / temperature)) / near : 0
      dS[at] = (dS[at] / all - share) / temperature
    }
  }
  const count = Math.max(1, anchors)
  for (let at = 0; at < dS.length; at++) dS[at] /= count
  return { value: sum / count, gradient: toEmbeddings(dS, given, queries), floor: Number.NaN }
}

/** The loss `sndl`. */
export const sndl = defineLoss({
  name: "sndl",
  title: "Scalable neighbor discriminative loss: the likelihood of neighbours, weighted by how alike their labels are",
  source: "Kang et al., IEEE TGRS 2021",
  on: "embeddings",
  memory: true,
  soft: ({ relation }) => isSoft(relation),
  params: {
    relation: relationParam("cosine"),
    temperature: positive("Divides similarities before the softmax.", 0.1)
  },
  loss: (own) => (input) => scalableNeighbor(input, own)
})
