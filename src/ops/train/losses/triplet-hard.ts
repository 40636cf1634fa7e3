import { overAnchors } from "./by-anchor.ts"
import { type Choose, defineLoss, type LossInput } from "./loss.ts"
import { MARGIN, marginParam, strategyParam, THRESHOLD, thresholdParam } from "./mining.ts"
import { withinJaccard } from "./relations.ts"
import { candidates, complete, drawn } from "./selection.ts"
import { triplet } from "./terms.ts"

export interface DrawnOptions {
  /** Jaccard distance up to which two images are positives of each other. */
  readonly threshold?: number
  readonly margin?: number
  /** Lets an anchor be drawn as its own positive, as the original does. */
  readonly anchorAsPositive?: boolean
}

/**
 * Mean over anchors of the triplet term with one positive and one negative, each drawn evenly.
 *
 * Source: Balntas et al., BMVC 2016.
 *
 * @param input raw embeddings [rows, D]
 * @param choose draws the positives, then the negatives
 * @example
 * const input = { values: Float32Array.of(0, 5, 9), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * tripletDrawn(input, () => 0, { margin: 20 }).value.toFixed(1) // => "18.5"
 */
export const tripletDrawn = (
  input: LossInput,
  choose: Choose,
  { anchorAsPositive = false, margin = MARGIN, threshold = THRESHOLD }: DrawnOptions = {}
) => {
  const relation = withinJaccard(input.labels, input.rows, threshold)
  const pairs = drawn(complete(candidates(relation, anchorAsPositive ? "positive" : "nowhere")), choose)
  return overAnchors(input, pairs, triplet(margin), "mean")
}

/** The loss `triplet_hard`. Under `compat: original` an anchor may be drawn as its own positive. */
export const tripletHard = defineLoss({
  name: "triplet_hard",
  title: "Triplet margin loss with one drawn positive and one drawn negative per anchor, averaged over anchors",
  source: "Balntas et al., BMVC 2016",
  on: "embeddings",
  params: { sim_threshold: thresholdParam, mining_strategy: strategyParam, margin: marginParam },
  loss:
    ({ margin, sim_threshold: threshold }, compat) =>
    (input, choose) =>
      tripletDrawn(input, choose, { anchorAsPositive: compat === "original", margin, threshold })
})
