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

/** Pairs of one anchor, on one side: their places in S, the factor of s - target in the exponent, and their exponentials. */
interface Side {
  readonly places: ReadonlyArray<number>
  readonly weights: Float64Array
  readonly powers: Float64Array
  /** log of the sum of exponentials. */
  readonly log: number
  readonly total: number
}

/** @param sign 1 for negatives, -1 for positives */
const sideOf = (S: Float64Array, base: number, list: ReadonlyArray<number>, sign: 1 | -1, own: Own): Side => {
  const { gamma, relaxation: m } = own
  const [limit, target] = sign === 1 ? [-m, m] : [1 + m, 1 - m]
  const [weights, powers] = [new Float64Array(list.length), new Float64Array(list.length)]
  let most = Number.NEGATIVE_INFINITY
  for (let n = 0; n < list.length; n++) {
    const s = S[base + list[n]]
    weights[n] = sign * gamma * Math.max(0, sign * (s - limit))
    powers[n] = weights[n] * (s - target)
    most = Math.max(most, powers[n])
  }
  let total = 0
  for (let n = 0; n < list.length; n++) {
    powers[n] = Math.exp(powers[n] - most)
    total += powers[n]
  }
  return { places: list, weights, powers, total, log: most + Math.log(total) }
}

interface Own {
  readonly gamma: number
  readonly relaxation: number
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
  { gamma = 80, relation = "jaccard", relaxation = 0.4 }: CircleOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const S = similarities(given, queries)
  const dS = new Float64Array(queries * rows)
  const anchors = complete(candidates(related(labels, rows, relation, queries), "nowhere"))
  let sum = 0
  for (const { anchor, negatives, positives } of anchors) {
    const base = anchor * rows
    const far = sideOf(S, base, negatives, 1, { gamma, relaxation })
    const near = sideOf(S, base, positives, -1, { gamma, relaxation })
    const exponent = far.log + near.log
    sum += softplus(exponent)
    const outer = 1 / (1 + Math.exp(-exponent)) / anchors.length
    for (const { places, powers, total, weights } of [far, near]) {
      for (let n = 0; n < places.length; n++) dS[base + places[n]] += (outer * powers[n] * weights[n]) / total
    }
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
