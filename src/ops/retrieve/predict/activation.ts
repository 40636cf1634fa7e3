/** From the logits of a network to probabilities. */

/** `sigmoid`: each class for itself; `softmax`: one class per image; `none`: the network gives probabilities itself. */
export const ACTIVATIONS = ["sigmoid", "softmax", "none"] as const
export type Activation = (typeof ACTIVATIONS)[number]

/**
 * Probabilities of classes.
 *
 * @param logits float32 [images, classes]
 * @returns float32 of the same shape
 * @example
 * probabilitiesOf(Float32Array.of(0, 0), 2, "sigmoid") // => Float32Array.of(0.5, 0.5)
 * probabilitiesOf(Float32Array.of(1000, 1000), 2, "softmax") // => Float32Array.of(0.5, 0.5)
 */
export const probabilitiesOf = (logits: Float32Array, classes: number, activation: Activation): Float32Array => {
  if (activation === "none") return logits
  if (activation === "sigmoid") return logits.map((logit) => 1 / (1 + Math.exp(-logit)))
  const out = new Float32Array(logits.length)
  for (let from = 0; from < logits.length; from += classes) {
    const row = logits.subarray(from, from + classes)
    const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const powers = Array.from(row, (logit) => Math.exp(logit - most))
    const sum = powers.reduce((a, b) => a + b, 0)
    out.set(
      powers.map((power) => power / sum),
      from
    )
  }
  return out
}
