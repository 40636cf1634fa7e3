import { positive, probability } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { informative } from "./miners.ts"
import { type RelationChoice, related, relationParam } from "./relations.ts"
import { candidates } from "./selection.ts"

export interface MultiSimilarityOptions {
  readonly relation?: RelationChoice
  /** Scale of positives. */
  readonly alpha?: number
  /** Scale of negatives. */
  readonly beta?: number
  /** Similarity that separates positives from negatives. */
  readonly base?: number
  /** Slack by which a pair may be less than violating and still count. */
  readonly slack?: number
}

/**
 * (1 / |scale|) log(1 + sum of exp(scale (s - base))) over the pairs at some places of S. Adds its derivative, times `share`, to dS.
 */
const softened = (
  { dS, S }: { readonly S: Float64Array; readonly dS: Float64Array },
  places: Int32Array,
  { base, scale, share }: { readonly base: number; readonly scale: number; readonly share: number }
): number => {
  let most = 0
  for (const at of places) most = Math.max(most, scale * (S[at] - base))
  let sum = Math.exp(-most)
  const powers = new Float64Array(places.length)
  for (let n = 0; n < places.length; n++) {
    powers[n] = Math.exp(scale * (S[places[n]] - base) - most)
    sum += powers[n]
  }
  const slope = (share * Math.sign(scale)) / sum
  for (let n = 0; n < places.length; n++) dS[places[n]] += slope * powers[n]
  return (most + Math.log(sum)) / Math.abs(scale)
}

/**
 * Multi-similarity loss with its own mining (Wang et al., CVPR 2019): for each anchor
 * (1 / alpha) log(1 + sum over positives of exp(-alpha (s - base))) + (1 / beta) log(1 + sum over negatives of
 * exp(beta (s - base))), averaged over all images of the batch. A negative counts if it is nearer than the farthest positive
 * plus `slack`; a positive if it is farther than the nearest negative less `slack`.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0, 0, 1), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * multiSimilarity(input).value // => 0
 */
export const multiSimilarity = (
  { labels, rows, values, team, anchors = rows }: LossInput,
  { alpha = 2, base = 0.5, beta = 50, relation = "jaccard", slack = 0.1 }: MultiSimilarityOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const S = similarities(given, anchors)
  const dS = new Float64Array(anchors * rows)
  let sum = 0
  for (const one of informative(S, rows, candidates(related(labels, rows, relation, anchors), "nowhere"), slack)) {
    const places = (list: ReadonlyArray<number>) => Int32Array.from(list).map((i) => one.anchor * rows + i)
    const share = 1 / anchors
    sum += softened({ S, dS }, places(one.positives), { base, scale: -alpha, share })
    sum += softened({ S, dS }, places(one.negatives), { base, scale: beta, share })
  }
  return { value: sum / Math.max(1, anchors), gradient: toEmbeddings(dS, given, anchors), floor: 0 }
}

/** The loss `multi_similarity`. */
export const multiSimilarityLoss = defineLoss({
  name: "multi_similarity",
  title: "Multi-similarity loss, with the mining of informative pairs that it was published with",
  source: "Wang et al., CVPR 2019",
  on: "embeddings",
  memory: true,
  params: {
    relation: relationParam("jaccard"),
    alpha: positive("Scale of positives.", 2),
    beta: positive("Scale of negatives.", 50),
    base: probability("Similarity that separates positives from negatives.", 0.5),
    slack: positive("Slack of the mining: larger values keep more pairs.", 0.1)
  },
  loss: (own) => (input) => multiSimilarity(input, own)
})
