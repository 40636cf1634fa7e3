import { flag } from "../../../pipeline/definition.ts"
import { overAnchors } from "./by-anchor.ts"
import { defineLoss, type LossInput } from "./loss.ts"
import { MARGIN, marginParam, strategyParam, THRESHOLD, thresholdParam } from "./mining.ts"
import { withinJaccard } from "./relations.ts"
import { candidates, complete } from "./selection.ts"
import { contrastive } from "./terms.ts"

export interface AverageOptions {
  /** Jaccard distance up to which two images are positives of each other. */
  readonly threshold?: number
  readonly margin?: number
  /** Excludes the anchor from the mean of its negatives; the original includes it. */
  readonly excludeAnchor?: boolean
}

/** The parameter `exclude_anchor` of losses that average negatives. */
export const excludeAnchorParam = flag("Excludes the anchor from the mean of its negatives.", false)

/** Every anchor that has positives and negatives, with all of them. */
export const averaged = (
  { labels, rows }: LossInput,
  { excludeAnchor = false, threshold = THRESHOLD }: AverageOptions
) => complete(candidates(withinJaccard(labels, rows, threshold), excludeAnchor ? "nowhere" : "negative"))

/**
 * Sum over anchors of the contrastive term between the anchor, the mean of its positives, and the mean of all other
 * images, by default with the anchor itself. Means are taken of raw embeddings and then divided by their lengths.
 *
 * Source: Hadsell et al., CVPR 2006, equation 4, with means in place of single images (Imbriaco et al., IEEE TGRS 2021).
 *
 * @param input raw embeddings [rows, D]
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0), labels: Uint8Array.of(1, 1), rows: 2 }
 * contrastiveAverage(input).value.toFixed(2) // => "1.44"
 * contrastiveAverage(input, { excludeAnchor: true }).value // => 0
 */
export const contrastiveAverage = (input: LossInput, options: AverageOptions = {}) =>
  overAnchors(input, averaged(input, options), contrastive(options.margin ?? MARGIN), "sum")

/** The loss `contrastive_avg`. */
export const contrastiveAvg = defineLoss({
  name: "contrastive_avg",
  title: "Contrastive loss between an anchor and the means of its positives and negatives, summed over anchors",
  source: "Hadsell et al., CVPR 2006",
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
      contrastiveAverage(input, { excludeAnchor, margin, threshold })
})
