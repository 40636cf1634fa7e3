/**
 * Smooth-AP (Brown et al., ECCV 2020, equation 6): for every anchor q that has positives P, with similarities s of all
 * others and G(d) = 1 / (1 + exp(-d / t)), AP_q = 1/|P| sum over a in P of
 * (1 + sum over b in P of G(s_b - s_a)) / (1 + sum over all b of G(s_b - s_a)), b != a. The loss is the mean of 1 - AP_q.
 */
import { positive } from "../../../pipeline/definition.ts"
import { hierarchicalPrecision } from "./happier.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { strategyParam, THRESHOLD, thresholdParam } from "./mining.ts"

export interface SmoothApOptions {
  /** Jaccard distance up to which two images are positives of each other. */
  readonly threshold?: number
  readonly temperature?: number
}

/**
 * The loss and its gradient. Its floor is 0, which is reached if the nearest images of every anchor are its positives. A batch
 * without positives gives 0 and no gradient.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const values = Float32Array.of(1, 0, 1, 0.1, 0, 1, 0.1, 1)
 * smoothAveragePrecision({ values, labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1), rows: 4 }).value.toFixed(6) // => "0.000000"
 */
export const smoothAveragePrecision = (
  input: LossInput,
  { temperature = 0.01, threshold = THRESHOLD }: SmoothApOptions = {}
): LossValue => hierarchicalPrecision(input, { temperature, relation: { name: "jaccard", threshold } })

/** The loss `smoothap`. */
export const smoothap = defineLoss({
  name: "smoothap",
  title: "Smooth-AP: a smooth average precision of every anchor that has positives",
  source: "Brown et al., ECCV 2020",
  on: "embeddings",
  params: {
    sim_threshold: thresholdParam,
    mining_strategy: strategyParam,
    temperature: positive("Temperature: differences of similarity well above it count as an order.", 0.01)
  },
  loss:
    ({ sim_threshold: threshold, temperature }) =>
    (input) =>
      smoothAveragePrecision(input, { threshold, temperature })
})
