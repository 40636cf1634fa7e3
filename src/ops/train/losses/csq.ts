import { positive, probability } from "../../../pipeline/definition.ts"
import { random } from "../../../pipeline/random.ts"
import { popcount } from "../../measure/popcount.ts"
import { teamFor } from "./cosine.ts"
import { type Centred, centredRows } from "./csq-rows.ts"
import { everyRow, numbers, own, singles } from "./every-row.ts"
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
  const { labels, rows, values } = input
  const [bits, classes] = rows === 0 ? [0, 0] : [values.length / rows, labels.length / rows]
  const team = teamFor(rows, bits, input.team)
  const all = Array.from({ length: rows }, (_, row) => labels.subarray(row * classes, (row + 1) * classes))
  const labelled = all.filter((set) => set.some((label) => label !== 0)).length
  const losses = numbers(team, "losses", rows)
  const [given, gradient] = ["values", "gradient"].map((name) => singles(team, name, values.length))
  given.set(values)
  const centred: Centred = {
    ...{ values: given, labels, bits, classes, beta, losses, gradient },
    centres: Int8Array.from(hashCentres(classes, bits).flat()),
    undecided: Int8Array.from(drawn(bits, 0, "undecided bits")),
    term: 1 / Math.max(1, labelled * bits),
    weight: weight / Math.max(1, values.length)
  }
  everyRow(team, centredRows, centred, rows)
  return { value: losses.reduce((sum, one) => sum + one, 0), gradient: own(team, gradient), floor: 0 }
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
