import { overAnchors } from "./by-anchor.ts"
import { type AverageOptions, averaged, excludeAnchorParam } from "./contrastive-avg.ts"
import { defineLoss, type LossInput } from "./loss.ts"
import { MARGIN, marginParam, strategyParam, thresholdParam } from "./mining.ts"
import { triplet } from "./terms.ts"

/**
 * Mean over anchors of the triplet term between the anchor, the mean of its positives, and the mean of all other images,
 * by default with the anchor itself.
 *
 * Source: Balntas et al., BMVC 2016, with means in place of single images (Imbriaco et al., IEEE TGRS 2021).
 *
 * @param input raw embeddings [rows, D]
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0), labels: Uint8Array.of(1, 1), rows: 2 }
 * tripletAverage(input).value.toFixed(2) // => "1.20"
 */
export const tripletAverage = (input: LossInput, options: AverageOptions = {}) =>
  overAnchors(input, averaged(input, options), triplet(options.margin ?? MARGIN), "mean")

/** The loss `triplet_avg`. */
export const tripletAvg = defineLoss({
  name: "triplet_avg",
  title: "Triplet margin loss between an anchor and the means of its positives and negatives, averaged over anchors",
  source: "Balntas et al., BMVC 2016",
  on: "embeddings",
  params: {
    sim_threshold: thresholdParam,
    mining_strategy: strategyParam,
    margin: marginParam,
    exclude_anchor: excludeAnchorParam
  },
  loss:
    ({ exclude_anchor: excludeAnchor, margin, sim_threshold: threshold }) =>
    (input) =>
      tripletAverage(input, { excludeAnchor, margin, threshold })
})
