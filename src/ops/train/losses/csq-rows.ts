/** Hash centres of images, a loop over rows that threads can share. Threads run it, so it does not import Effect. */
import type { Loop } from "../../workers/loops.ts"

/** Images with the hash centres of their classes. */
export interface Centred {
  readonly values: Float32Array
  readonly labels: Uint8Array
  readonly bits: number
  readonly classes: number
  /** Hash centres [classes, bits], and bits of classes that do not agree, [bits]. */
  readonly centres: Int8Array
  readonly undecided: Int8Array
  readonly beta: number
  /** Factors of one term of the cross-entropy and of (|h| - 1)^2. */
  readonly term: number
  readonly weight: number
  /** Receives the loss of each image, [rows], and its derivative, [rows, bits]. */
  readonly losses: Float64Array
  readonly gradient: Float32Array
}

/** The centre of several classes: the sign of the sum of their centres. Returns 0 if there is no class. */
const vote = ({ bits, centres, classes, labels }: Centred, row: number, votes: Int32Array): number => {
  votes.fill(0)
  let having = 0
  for (let c = 0; c < classes; c++) {
    if (labels[row * classes + c] === 0) continue
    having++
    for (let k = 0, at = c * bits; k < bits; k++, at++) votes[k] += centres[at]
  }
  return having
}

/** Factors, from 1 to 2 each, whose logarithms are taken at once: their product is no larger than 2^512. */
const FACTORS = 512

/**
 * The cross-entropy and the quantisation loss of each image, with their derivatives. With e = exp(-2 beta |x|), tanh is
 * (1 - e) / (1 + e), and log(1 + exp(t)) is max(t, 0) + log(1 + e), so that each value needs one exponential.
 */
export const centredRows: Loop<Centred> = {
  name: "hash centres",
  rows: (given) => {
    const { beta, bits, gradient, losses, term, undecided, values, weight } = given
    const votes = new Int32Array(bits)
    return (from, to) => {
      for (let row = from; row < to; row++) {
        const share = vote(given, row, votes) > 0 ? term : 0
        let [cross, product, off] = [0, 1, 0]
        for (let k = 0, at = row * bits; k < bits; k++, at++) {
          const x = values[at]
          const centre = votes[k] === 0 ? undecided[k] : Math.sign(votes[k])
          const t = -2 * beta * centre * x
          const e = Math.exp(-Math.abs(t))
          cross += Math.max(t, 0)
          product *= 1 + e
          if (k % FACTORS === FACTORS - 1) {
            cross += Math.log(product)
            product = 1
          }
          const size = (1 - e) / (1 + e)
          off += (size - 1) * (size - 1)
          const sigmoid = (t > 0 ? 1 : e) / (1 + e)
          const push = weight * (size - 1) * (1 - size * size) * Math.sign(x)
          gradient[at] = 2 * beta * (push - share * centre * sigmoid)
        }
        losses[row] = share * (cross + Math.log(product)) + weight * off
      }
    }
  }
}
