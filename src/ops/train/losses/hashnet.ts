import { positive, probability } from "../../../pipeline/definition.ts"
import { sigmoid, softplus } from "../../logistic.ts"
import { similarities } from "./cosine.ts"
import { codesOf, throughCodes } from "./hash-codes.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { type RelationChoice, relationParam, relevanceOf } from "./relations.ts"

export interface HashNetOptions {
  /** Relevance of pairs: pairs with any are similar, and their terms are weighted by it. */
  readonly relation?: RelationChoice
  /** Steepness of tanh. */
  readonly beta?: number
  /** Factor of the mean product of two codes, from -1 to 1, in the logarithm. */
  readonly sharpness?: number
  /** Weight of the quantisation loss. */
  readonly quantisation?: number
}

/**
 * HashNet (Cao et al., ICCV 2017, eq. 2 to 4): with codes h = tanh(beta x) of K bits and t_ij = `sharpness` <h_i, h_j> / K, the
 * mean of w_ij (log(1 + exp(t_ij)) - s_ij t_ij) over all pairs. s_ij is 1 for pairs with any relevance, else 0. The weights make
 * similar and dissimilar pairs count equally as groups, and similar pairs by their relevance (Jaccard similarity in the paper).
 *
 * The paper's alpha is `sharpness` / K. It raises beta during training; here beta is fixed, and a quantisation loss, the
 * mean of (|h| - 1)^2 (Zhu et al., AAAI 2016), moves codes to 1 and -1.
 *
 * @param input embeddings [rows, K], not normalised
 * @example
 * const labels = Uint8Array.of(1, 0, 1, 0, 0, 1)
 * const alike = hashNet({ values: Float32Array.of(2, 2, 2, 2, -2, 2), labels, rows: 3 }).value
 * alike < hashNet({ values: Float32Array.of(2, 2, -2, -2, 2, 2), labels, rows: 3 }).value // => true
 */
export const hashNet = (
  { labels, rows, team: given, values }: LossInput,
  { beta = 1, quantisation: weight = 0.1, relation = "graded_jaccard", sharpness = 10 }: HashNetOptions = {}
): LossValue => {
  const dim = rows === 0 ? 0 : values.length / rows
  const codes = codesOf({ values, rows, team: given }, beta)
  const relevance = relevanceOf(labels, rows, relation)
  let similar = 0
  for (let i = 0; i < rows; i++) for (let j = i + 1; j < rows; j++) if (relevance[i * rows + j] > 0) similar++
  const counts = [(rows * (rows - 1)) / 2 - similar, similar]
  const products = similarities(codes)
  const slopes = new Float64Array(rows * rows)
  let sum = 0
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) {
      const s = relevance[i * rows + j] > 0 ? 1 : 0
      const w = (s === 1 ? relevance[i * rows + j] : 1) / counts[s]
      const t = (sharpness * products[i * rows + j]) / dim
      sum += w * (softplus(t) - s * t)
      slopes[i * rows + j] = (w * (sigmoid(t) - s) * sharpness) / dim
    }
  }
  const { gradient, value } = throughCodes(slopes, codes, { beta, weight })
  return { value: sum + value, gradient, floor: 0 }
}

/** The loss `hashnet`. */
export const hashNetLoss = defineLoss({
  name: "hashnet",
  title: "Hash codes: products of codes follow whether two images are similar, and values move to 1 and -1",
  source: "Cao et al., ICCV 2017",
  on: "embeddings",
  signed: true,
  params: {
    relation: relationParam("graded_jaccard"),
    beta: positive("Steepness of tanh, which turns embeddings into codes.", 1),
    sharpness: positive("Factor of the mean product of two codes; the paper's alpha times the number of bits.", 10),
    quantisation: probability("Weight of the mean of (|h| - 1)^2 over all values h of the codes.", 0.1)
  },
  loss: (own) => (input) => hashNet(input, own)
})
