import { positive, probability } from "../../../pipeline/definition.ts"
import { softplus } from "../../logistic.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { type RelationChoice, related, relationParam } from "./relations.ts"
import { candidates, complete } from "./selection.ts"

export interface CircleOptions {
  readonly relation?: RelationChoice
  /** Relaxation m: positives aim at 1 - m, negatives at m. */
  readonly relaxation?: number
  readonly gamma?: number
}

/** log of the sum of exponentials, and each one's share of the sum. */
const softmaxOf = (exponents: ReadonlyArray<number>) => {
  const most = exponents.reduce((a, b) => Math.max(a, b))
  const sum = exponents.reduce((total, x) => total + Math.exp(x - most), 0)
  return { log: most + Math.log(sum), shares: exponents.map((x) => Math.exp(x - most) / sum) }
}

/**
 * Circle loss (Sun et al., CVPR 2020): the mean over anchors with positives and negatives of log(1 + sum over negatives of
 * exp(gamma a_n (s_n - m)) times sum over positives of exp(-gamma a_p (s_p - 1 + m))), with the weights
 * a_n = max(0, s_n + m) and a_p = max(0, 1 + m - s_p). As in the paper, the gradient treats the weights as constants.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0, -1, 0), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * circle(input).value.toFixed(4) // => "0.0000"
 */
export const circle = (
  { labels, rows, values, team, anchors: queries = rows }: LossInput,
  { gamma = 80, relation = "jaccard", relaxation: m = 0.4 }: CircleOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const S = similarities(given, queries)
  const dS = new Float64Array(queries * rows)
  const anchors = complete(candidates(related(labels, rows, relation, queries), "nowhere"))
  let sum = 0
  for (const { anchor, negatives, positives } of anchors) {
    const s = (i: number) => S[anchor * rows + i]
    const sides = [
      { list: negatives, weights: negatives.map((i) => gamma * Math.max(0, s(i) + m)), target: m },
      { list: positives, weights: positives.map((i) => -gamma * Math.max(0, 1 + m - s(i))), target: 1 - m }
    ]
    const parts = sides.map(({ list, target, weights }) => softmaxOf(list.map((i, n) => weights[n] * (s(i) - target))))
    const exponent = parts[0].log + parts[1].log
    sum += softplus(exponent)
    const outer = 1 / (1 + Math.exp(-exponent)) / anchors.length
    sides.forEach(({ list, weights }, side) => {
      list.forEach((i, n) => {
        dS[anchor * rows + i] += outer * parts[side].shares[n] * weights[n]
      })
    })
  }
  return { value: sum / Math.max(1, anchors.length), gradient: toEmbeddings(dS, given, queries), floor: Number.NaN }
}

/** The loss `circle`. */
export const circleLoss = defineLoss({
  name: "circle",
  title: "Circle loss: pairs count the more, the farther they are from their aim",
  source: "Sun et al., CVPR 2020",
  on: "embeddings",
  memory: true,
  params: {
    relation: relationParam("jaccard"),
    relaxation: probability("m: positives aim at a similarity of 1 - m, negatives at m.", 0.4),
    gamma: positive("Scale.", 80)
  },
  loss: (own) => (input) => circle(input, own)
})
