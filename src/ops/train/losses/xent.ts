import { defineLoss, type LossInput, type LossValue } from "./loss.ts"

/**
 * Cross-entropy of softmax(logits): the mean over rows of -sum_c y_c log softmax(x)_c. The labels of a row with several count as
 * unnormalised class probabilities, as in PyTorch from 1.10 on. The floor is 0.
 *
 * @param input logits [rows, classes] with labels of the same shape
 * @example
 * crossEntropy({ values: Float32Array.of(0, 0), labels: Uint8Array.of(1, 0), rows: 1 }).value // => Math.log(2)
 */
export const crossEntropy = ({ values, labels, rows }: LossInput): LossValue => {
  const classes = rows === 0 ? 0 : values.length / rows
  const gradient = new Float32Array(values.length)
  let sum = 0
  for (let from = 0; from < values.length; from += classes) {
    const x = values.subarray(from, from + classes)
    const y = labels.subarray(from, from + classes)
    const most = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const total = x.reduce((partial, value) => partial + Math.exp(value - most), 0)
    const weight = y.reduce((partial, label) => partial + label, 0)
    for (let c = 0; c < classes; c++) {
      const log = x[c] - most - Math.log(total)
      sum -= y[c] * log
      gradient[from + c] = (weight * Math.exp(log) - y[c]) / rows
    }
  }
  return { value: sum / Math.max(1, rows), gradient, floor: 0 }
}

/** The loss `xent`. Under `compat: original` images of several labels are accepted. */
export const xent = defineLoss({
  name: "xent",
  title: "Softmax cross-entropy, averaged over images of one label each",
  source: "Goodfellow et al., Deep Learning, 6.2.2",
  on: "logits",
  oneLabel: true,
  params: {},
  loss: () => crossEntropy
})
