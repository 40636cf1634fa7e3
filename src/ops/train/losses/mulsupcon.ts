import { positive } from "../../../pipeline/definition.ts"
import { membersOf } from "./classes.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { weightedLogSoftmax } from "./softmax-pairs.ts"

export interface MultiLabelSupervisedContrastiveOptions {
  readonly temperature?: number
}

/** Weight of p for the anchor i: the sum over their common classes c of 1 / (members of c other than i), over all terms. */
const classShares = (labels: Uint8Array, rows: number, anchors = rows): Float64Array => {
  const weights = new Float64Array(anchors * rows)
  let terms = 0
  for (const members of membersOf(labels, rows)) {
    if (members.length < 2) continue
    const own = members.filter((row) => row < anchors)
    terms += own.length
    for (const i of own) for (const p of members) if (p !== i) weights[i * rows + p] += 1 / (members.length - 1)
  }
  for (let at = 0; at < weights.length; at++) weights[at] /= Math.max(1, terms)
  return weights
}

/**
 * Multi-label supervised contrastive loss (Zhang and Wu, AAAI 2024): one supervised contrastive term for each anchor i and
 * each of its classes, with the other members of the class as positives; the mean over all these terms. A class that only the
 * anchor has gives no term.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0, 0, 1), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * multiLabelSupervisedContrastive(input, { temperature: 1 }).value.toFixed(6) // => "0.313262"
 */
export const multiLabelSupervisedContrastive = (
  { anchors, labels, rows, values, team }: LossInput,
  { temperature = 0.1 }: MultiLabelSupervisedContrastiveOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const weights = classShares(labels, rows, anchors)
  const { dS, value } = weightedLogSoftmax(similarities(given, anchors), weights, rows, temperature, anchors)
  return { value, gradient: toEmbeddings(dS, given, anchors), floor: Number.NaN }
}

/** The loss `mulsupcon`. */
export const mulsupcon = defineLoss({
  name: "mulsupcon",
  title: "Multi-label supervised contrastive loss: one term for each anchor and each of its classes",
  source: "Zhang and Wu, AAAI 2024",
  on: "embeddings",
  memory: true,
  params: { temperature: positive("Divides similarities before the softmax.", 0.1) },
  loss: (own) => (input) => multiLabelSupervisedContrastive(input, own)
})
