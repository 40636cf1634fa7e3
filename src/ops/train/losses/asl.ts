import { positive, probability } from "../../../pipeline/definition.ts"
import { softplus } from "../../logistic.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"

export interface AsymmetricOptions {
  /** Focusing exponent of labels that an image has. */
  readonly gamma_positive?: number
  /** Focusing exponent of labels that it lacks. */
  readonly gamma_negative?: number
  /** Probability that is subtracted for labels that it lacks. */
  readonly clip?: number
}

/** -(1 - p)^g log p with p = sigmoid(x), and its derivative. */
const present = (x: number, gamma: number) => {
  const [p, rest, log] = [1 / (1 + Math.exp(-x)), 1 / (1 + Math.exp(x)), -softplus(-x)]
  const focus = rest ** gamma
  return { value: -focus * log, slope: focus * (gamma * p * log - rest) }
}

/** -q^g log(1 - q) with q = max(0, sigmoid(x) - clip), and its derivative. */
const absent = (x: number, gamma: number, clip: number) => {
  const p = 1 / (1 + Math.exp(-x))
  const q = p - clip
  // Not `q > 0`: NaN must stay NaN.
  if (q <= 0) return { value: 0, slope: 0 }
  const log = clip === 0 ? -softplus(x) : Math.log1p(-q)
  // p (1 - p) / (1 - q) is p where clip is 0, also where 1 - p is rounded to 0.
  const outer = clip === 0 ? p : p / (1 + Math.exp(x)) / (1 - q)
  return {
    value: -(q ** gamma) * log,
    slope: q ** gamma * outer - gamma * q ** (gamma - 1) * (p / (1 + Math.exp(x))) * log
  }
}

interface Term {
  readonly value: number
  readonly slope: number
}

/** The terms of a label that an image has by a share from 0 to 1. */
const mixture = (share: number, has: () => Term, lacks: () => Term): Term => {
  if (share === 1) return has()
  if (share === 0) return lacks()
  const [a, b] = [has(), lacks()]
  return { value: share * a.value + (1 - share) * b.value, slope: share * a.slope + (1 - share) * b.slope }
}

/**
 * Asymmetric loss (Ridnik et al., ICCV 2021): the mean over all entries of -(1 - p)^g+ log p for labels that an image has, and
 * of -q^g- log(1 - q), q = max(0, p - clip), for labels that it lacks, with p = sigmoid(logit). Easy negatives, which are most
 * entries, count little. Without focusing and clip it is `ml_xent`.
 *
 * @param input logits [rows, classes] with labels of the same shape
 * @example
 * const input = { values: Float32Array.of(0, 0), labels: Uint8Array.of(1, 0), rows: 1 }
 * asymmetric(input, { gamma_positive: 0, gamma_negative: 0, clip: 0 }).value // => Math.log(2)
 */
export const asymmetric = (
  { labels, soft, values }: LossInput,
  { clip = 0.05, gamma_negative = 4, gamma_positive = 1 }: AsymmetricOptions = {}
): LossValue => {
  const count = Math.max(1, values.length)
  const gradient = new Float32Array(values.length)
  let sum = 0
  values.forEach((x, i) => {
    const share = soft?.[i] ?? Math.sign(labels[i])
    const { slope, value } = mixture(
      share,
      () => present(x, gamma_positive),
      () => absent(x, gamma_negative, clip)
    )
    sum += value
    gradient[i] = slope / count
  })
  return { value: sum / count, gradient, floor: 0 }
}

/** The loss `asl`. */
export const asl = defineLoss({
  name: "asl",
  title: "Asymmetric loss: binary cross-entropy in which easy negatives count little",
  source: "Ridnik et al., ICCV 2021",
  on: "logits",
  soft: () => true,
  params: {
    gamma_positive: positive("Focusing exponent of labels that an image has.", 1),
    gamma_negative: positive("Focusing exponent of labels that it lacks.", 4),
    clip: probability("Probability that is subtracted for labels that it lacks.", 0.05)
  },
  loss: (own) => (input) => asymmetric(input, own)
})
