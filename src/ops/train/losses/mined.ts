/** The losses that mine pairs by label distance: relation, selection, term and reduction put together. */
import { overAnchors } from "./by-anchor.ts"
import type { Choose, LossInput } from "./loss.ts"
import { withinJaccard } from "./relation.ts"
import { candidates, complete, drawn } from "./selection.ts"
import { contrastive, triplet } from "./terms.ts"

export interface MinedOptions {
  /** Jaccard distance up to which two images are positives of each other. */
  readonly threshold?: number
  readonly margin?: number
}
export interface AverageOptions extends MinedOptions {
  /** Leave the anchor out of the mean of what is not its positive, where the original has it. */
  readonly excludeAnchor?: boolean
}
export interface DrawnOptions extends MinedOptions {
  /** Let an anchor be drawn as its own positive, as the original does. */
  readonly anchorAsPositive?: boolean
}

const THRESHOLD = 0.5
const MARGIN = 1.2

const averaged = ({ labels, rows }: LossInput, { excludeAnchor = false, threshold = THRESHOLD }: AverageOptions) =>
  complete(candidates(withinJaccard(labels, rows, threshold), excludeAnchor ? "nowhere" : "negative"))

/**
 * The sum over anchors of the contrastive term between the anchor, the mean of its positives, and the mean of all others,
 * the anchor itself among them. Means are taken of raw embeddings, then divided by their lengths.
 *
 * @param input raw embeddings [rows, D]
 */
export const contrastiveAverage = (input: LossInput, options: AverageOptions = {}) =>
  overAnchors(input, averaged(input, options), contrastive(options.margin ?? MARGIN), "sum")

/**
 * The mean over anchors of the triplet term between the anchor, the mean of its positives, and the mean of all others, the
 * anchor itself among them.
 *
 * @param input raw embeddings [rows, D]
 */
export const tripletAverage = (input: LossInput, options: AverageOptions = {}) =>
  overAnchors(input, averaged(input, options), triplet(options.margin ?? MARGIN), "mean")

/**
 * The mean over anchors of the triplet term with one positive and one negative, drawn evenly.
 *
 * @param input raw embeddings [rows, D]
 */
export const tripletHard = (
  input: LossInput,
  choose: Choose,
  { anchorAsPositive = false, margin = MARGIN, threshold = THRESHOLD }: DrawnOptions = {}
) => {
  const relation = withinJaccard(input.labels, input.rows, threshold)
  const pairs = drawn(complete(candidates(relation, anchorAsPositive ? "positive" : "nowhere")), choose)
  return overAnchors(input, pairs, triplet(margin), "mean")
}
