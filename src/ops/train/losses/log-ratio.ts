import { positive } from "../../../pipeline/definition.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { isSoft, type RelationChoice, relationParam, relevanceOf } from "./relations.ts"
import { fromSquaredDistances, squaredDistances } from "./squared-distances.ts"

export interface LogRatioOptions {
  /** Relevance of pairs; the distance of their labels is 1 minus it. */
  readonly relation?: RelationChoice
  /** Added to the distance of labels. */
  readonly offset?: number
}

/** Added to the distance of embeddings, so that equal ones have a logarithm. */
const EPSILON = 1e-6

/**
 * Log-ratio loss (Kim et al., CVPR 2019): for each anchor a and each pair of others i, j,
 * (log(D_ai / D_aj) - log(Y_ai / Y_aj))^2, with the squared distances D of raw embeddings and the distances Y = 1 - relevance
 * of labels; the mean over pairs, then over anchors. Training makes distances of embeddings proportional to distances of labels.
 *
 * The paper's labels are continuous. Label sets are often equal, which asks for the distance 0; `offset` is added to Y.
 *
 * With r_i = log D_ai - log Y_ai, the mean over n (n - 1) / 2 pairs of (r_i - r_j)^2 is 2 / (n - 1) times the sum of
 * (r_i - mean r)^2.
 *
 * @param input raw embeddings [rows, D]
 * @example
 * const input = { values: Float32Array.of(0, 1, 2), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * logRatio({ ...input, values: Float32Array.of(0, 0.5, 2) }).value < logRatio(input).value // => true
 */
export const logRatio = (
  { labels, rows, soft, values, anchors = rows }: LossInput,
  { offset = 0.1, relation = "graded_jaccard" }: LogRatioOptions = {}
): LossValue => {
  if (rows < 3) return { value: 0, gradient: new Float32Array(values.length), floor: 0 }
  const D = squaredDistances(values, rows, anchors)
  const relevance = relevanceOf(soft ?? labels, rows, relation, anchors)
  const dD = new Float64Array(anchors * rows)
  const n = rows - 1
  const residual = new Float64Array(rows)
  let sum = 0
  for (let a = 0; a < anchors; a++) {
    let mean = 0
    for (let i = 0; i < rows; i++) {
      residual[i] = i === a ? 0 : Math.log(D[a * rows + i] + EPSILON) - Math.log(1 - relevance[a * rows + i] + offset)
      mean += residual[i] / n
    }
    for (let i = 0; i < rows; i++) {
      if (i === a) continue
      const off = residual[i] - mean
      sum += (2 / (n - 1)) * off * off
      dD[a * rows + i] = ((4 / (n - 1)) * off) / (D[a * rows + i] + EPSILON) / anchors
    }
  }
  return { value: sum / anchors, gradient: fromSquaredDistances(dD, values, rows, anchors), floor: 0 }
}

/** The loss `log_ratio`. */
export const logRatioLoss = defineLoss({
  name: "log_ratio",
  title: "Log-ratio loss: ratios of distances follow ratios of label distances",
  source: "Kim et al., CVPR 2019",
  on: "embeddings",
  memory: true,
  soft: ({ relation }) => isSoft(relation),
  params: {
    relation: relationParam("graded_jaccard"),
    offset: positive("Added to the distance of labels, 1 - relevance, which is 0 for equal labels.", 0.1)
  },
  loss: (own) => (input) => logRatio(input, own)
})
