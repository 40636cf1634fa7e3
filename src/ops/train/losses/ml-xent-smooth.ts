import { probability } from "../../../pipeline/definition.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { multiLabelCrossEntropy } from "./ml-xent.ts"

export interface SmoothingOptions {
  /** How far targets move from 0 and 1 towards 1/2. */
  readonly smoothing?: number
}

/**
 * Multi-label cross-entropy with label smoothing (Szegedy et al., CVPR 2016): a label y counts as y (1 - e) + e / 2. It is
 * `ml_xent` plus e times the mean of x (y - 1/2), since the cross-entropy is linear in the target.
 *
 * @param input logits [rows, classes] with labels of the same shape
 * @example
 * smoothedCrossEntropy({ values: Float32Array.of(0, 0), labels: Uint8Array.of(1, 0), rows: 1 }).value // => Math.log(2)
 */
export const smoothedCrossEntropy = (input: LossInput, { smoothing = 0.1 }: SmoothingOptions = {}): LossValue => {
  const { gradient, value } = multiLabelCrossEntropy(input)
  const { labels, soft, values } = input
  const targets = soft ?? labels
  const count = Math.max(1, values.length)
  let moved = 0
  for (let i = 0; i < values.length; i++) {
    const off = (smoothing * (targets[i] - 0.5)) / count
    moved += values[i] * off
    gradient[i] += off
  }
  return { value: value + moved, gradient, floor: Number.NaN }
}

/** The loss `ml_xent_smooth`. */
export const mlXentSmooth = defineLoss({
  name: "ml_xent_smooth",
  title: "Binary cross-entropy of every label, with label smoothing",
  source: "Szegedy et al., CVPR 2016",
  on: "logits",
  soft: () => true,
  params: { smoothing: probability("How far targets move from 0 and 1 towards 1/2.", 0.1) },
  loss: (own) => (input) => smoothedCrossEntropy(input, own)
})
