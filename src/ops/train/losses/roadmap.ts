import { positive, probability } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { everyRow, numbers } from "./every-row.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { type RelationChoice, related, relationParam } from "./relations.ts"
import { boundedAnchors } from "./roadmap-anchors.ts"
import { candidates, type Selected } from "./selection.ts"

export interface RoadmapOptions {
  readonly relation?: RelationChoice
  readonly temperature?: number
  /** Slope of the bound for negatives far above a positive. */
  readonly slope?: number
  /** Share of the calibration loss. */
  readonly calibration?: number
  /** Similarity that positives should exceed. */
  readonly above?: number
  /** Similarity that negatives should not exceed. */
  readonly below?: number
}

/** Adds the hinges of all pairs, times `scale`: positives above a similarity, negatives below another. */
const calibrationLoss = (
  S: Float64Array,
  dS: Float64Array,
  rows: number,
  pairs: ReadonlyArray<Selected>,
  { above, below, scale }: { readonly above: number; readonly below: number; readonly scale: number }
): number => {
  const count = (of: "positives" | "negatives") =>
    Math.max(
      1,
      pairs.reduce((sum, one) => sum + one[of].length, 0)
    )
  const [positives, negatives] = [count("positives"), count("negatives")]
  let value = 0
  const add = (at: number, hinge: number, weight: number, sign: number) => {
    // Not `hinge > 0`: NaN must stay NaN.
    if (hinge <= 0) return
    value += weight * hinge
    dS[at] += weight * sign
  }
  for (const one of pairs) {
    for (const p of one.positives) add(one.anchor * rows + p, above - S[one.anchor * rows + p], scale / positives, -1)
    for (const n of one.negatives) add(one.anchor * rows + n, S[one.anchor * rows + n] - below, scale / negatives, 1)
  }
  return value
}

/**
 * ROADMAP (Ramzi et al., NeurIPS 2021): (1 - c) times 1 - SupAP plus c times a calibration loss.
 *
 * SupAP of an anchor is the mean over its positives k of R+ / (R+ + R-). R+ counts the positives at least as near as k,
 * without a gradient. R- sums over negatives j the bound H(s_j - s_k): the sigmoid of d / t up to 0, half a step higher up to
 * 0.05, from there a line of slope `slope`. Unlike a sigmoid, it has a gradient for negatives far above a positive.
 *
 * The calibration loss is the mean over positive pairs of max(0, above - s) plus that over negative pairs of
 * max(0, s - below).
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const values = Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1)
 * roadmapLoss({ values, labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1), rows: 4 }).value.toFixed(6) // => "0.000000"
 */
export const roadmapLoss = (
  { labels, rows, team, values }: LossInput,
  {
    above = 0.9,
    below = 0.6,
    calibration = 0.5,
    relation: relationChoice = "jaccard",
    slope: line = 100,
    temperature = 0.01
  }: RoadmapOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const S = similarities(given)
  const dS = numbers(given.team, "dS", rows * rows)
  const relation = related(labels, rows, relationChoice)
  const pairs = candidates(relation, "nowhere")
  const anchors = pairs.filter(({ positives }) => positives.length > 0).length
  const scale = (1 - calibration) / Math.max(1, anchors)
  let value = calibrationLoss(S, dS, rows, pairs, { above, below, scale: calibration })
  const losses = numbers(given.team, "losses", rows)
  everyRow(given.team, boundedAnchors, { S, dS, relation, losses, scale, temperature, line }, rows)
  for (const one of losses) value += one
  return { value, gradient: toEmbeddings(dS, given), floor: 0 }
}

/** The loss `roadmap`. */
export const roadmap = defineLoss({
  name: "roadmap",
  title: "ROADMAP: an upper bound of 1 - average precision, and a calibration of similarities",
  source: "Ramzi et al., NeurIPS 2021",
  on: "embeddings",
  params: {
    relation: relationParam("jaccard"),
    temperature: positive("Differences of similarity well above it count as an order.", 0.01),
    slope: positive("Slope of the bound for negatives far above a positive.", 100),
    calibration: probability("Weight of the calibration loss; the rest is the weight of average precision.", 0.5),
    above: probability("Cosine similarity that positives should exceed.", 0.9),
    below: probability("Cosine similarity that negatives should not exceed.", 0.6)
  },
  loss: (own) => (input) => roadmapLoss(input, own)
})
