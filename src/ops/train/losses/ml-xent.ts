import { defineLoss, type LossInput, type LossValue } from "./loss.ts"

/**
 * Multi-label cross-entropy: the mean over all entries of the binary cross-entropy of sigmoid(logit),
 * max(x, 0) - x y + log(1 + exp(-|x|)). Its gradient is (sigmoid(x) - y) / count, its floor 0.
 *
 * @param input logits [rows, classes] with labels of the same shape
 * @example
 * multiLabelCrossEntropy({ values: Float32Array.of(0, 0), labels: Uint8Array.of(1, 0), rows: 1 }).value // => Math.log(2)
 */
export const multiLabelCrossEntropy = ({ labels, soft, values }: LossInput): LossValue => {
  const targets = soft ?? labels
  const count = Math.max(1, values.length)
  const gradient = new Float32Array(values.length)
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const x = values[i]
    const e = Math.exp(-Math.abs(x))
    sum += Math.max(x, 0) - x * targets[i] + Math.log1p(e)
    gradient[i] = (1 / (1 + (x >= 0 ? e : Math.exp(-x))) - targets[i]) / count
  }
  return { value: sum / count, gradient, floor: 0 }
}

/** The loss `ml_xent`. */
export const mlXent = defineLoss({
  name: "ml_xent",
  title: "Binary cross-entropy of every label, averaged over images and labels",
  source: "Goodfellow et al., Deep Learning, 6.2.2",
  on: "logits",
  params: {},
  soft: () => true,
  loss: () => multiLabelCrossEntropy
})
