import { positive, probability } from "../../../pipeline/definition.ts"
import { random } from "../../../pipeline/random.ts"
import { popcount } from "../../measure/popcount.ts"
import { quantisation, throughTanh } from "./hash-codes.ts"
import { sigmoid, softplus } from "./logistic.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"

export interface CentralSimilarityOptions {
  /** Steepness of tanh. */
  readonly beta?: number
  /** Weight of the quantisation loss. */
  readonly quantisation?: number
}

const drawn = (bits: number, item: number, purpose: string): ReadonlyArray<number> => {
  const { int } = random(0, 0, item, purpose)
  return Array.from({ length: bits }, () => 2 * int(2) - 1)
}

/**
 * Hash centres of classes, of 1 and -1: the rows of a Hadamard matrix of `bits` rows and then of its negative, half of whose
 * bits differ, if `bits` is a power of two and at least half the number of classes; else drawn bits (algorithm 1 of the paper).
 *
 * @example
 * hashCentres(3, 2) // => [[1, 1], [1, -1], [-1, -1]]
 */
export const hashCentres = (classes: number, bits: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: classes }, (_, c) => {
    if (bits < 1 || popcount(bits) !== 1 || classes > 2 * bits) return drawn(bits, c, "hash centre")
    const sign = c < bits ? 1 : -1
    return Array.from({ length: bits }, (__, k) => (popcount((c % bits) & k) % 2 === 0 ? sign : -sign))
  })

/** The centre of several classes: the sign of the sum of their centres. Bits with the sum 0 are drawn once for all images. */
const centreOf = (
  labels: Uint8Array,
  centres: ReadonlyArray<ReadonlyArray<number>>,
  undecided: ReadonlyArray<number>
): ReadonlyArray<number> =>
  undecided.map((bit, k) => {
    let sum = 0
    for (let c = 0; c < labels.length; c++) if (labels[c] !== 0) sum += centres[c][k]
    return sum === 0 ? bit : Math.sign(sum)
  })

/**
 * The mean, over images with a label and over bits, of the cross-entropy of codes and the centres of their labels. Adds its
 * derivative to `gradient`.
 */
const centreLoss = ({ labels, rows, values }: LossInput, beta: number, gradient: Float32Array): number => {
  const [bits, classes] = rows === 0 ? [0, 0] : [values.length / rows, labels.length / rows]
  const centres = hashCentres(classes, bits)
  const undecided = drawn(bits, 0, "undecided bits")
  const labelled = Array.from({ length: rows }, (_, row) => ({
    row,
    set: labels.subarray(row * classes, (row + 1) * classes)
  })).filter(({ set }) => set.some((label) => label !== 0))
  if (labelled.length === 0) return 0
  const terms = labelled.length * bits
  let sum = 0
  for (const { row, set } of labelled) {
    centreOf(set, centres, undecided).forEach((bit, k) => {
      const at = row * bits + k
      const t = -2 * beta * bit * values[at]
      sum += softplus(t)
      gradient[at] += (-2 * beta * bit * sigmoid(t)) / terms
    })
  }
  return sum / terms
}

/**
 * Central similarity quantisation (Yuan et al., CVPR 2020, eq. 4 to 7): with codes h = tanh(beta x), the mean over images with a
 * label and over bits of the binary cross-entropy of (1 + h) / 2 and the bit of the hash centre, which is
 * log(1 + exp(-2 beta c x)), plus `quantisation` times the mean of (|h| - 1)^2, for the paper's log cosh(|h| - 1). The centre of
 * several labels is the sign of the sum of their centres.
 *
 * @param input embeddings [rows, bits], not normalised
 */
export const centralSimilarity = (
  input: LossInput,
  { beta = 1, quantisation: weight = 0.01 }: CentralSimilarityOptions = {}
): LossValue => {
  const h = Float64Array.from(input.values, (x) => Math.tanh(beta * x))
  const dh = new Float64Array(h.length)
  const quantised = quantisation(h, weight, dh)
  const gradient = throughTanh(dh, h, beta)
  return { value: centreLoss(input, beta, gradient) + quantised, gradient, floor: 0 }
}

/** The loss `csq`. */
export const csq = defineLoss({
  name: "csq",
  title: "Hash codes: codes move to the hash centres of their labels, which are far from each other",
  source: "Yuan et al., CVPR 2020",
  on: "embeddings",
  signed: true,
  params: {
    beta: positive("Steepness of tanh, which turns embeddings into codes.", 1),
    quantisation: probability("Weight of the mean of (|h| - 1)^2 over all values h of the codes.", 0.01)
  },
  loss: (own) => (input) => centralSimilarity(input, own)
})
