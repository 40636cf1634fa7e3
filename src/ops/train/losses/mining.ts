/** Parameters that losses with positives and negatives have in common, and their defaults. */
import { oneOf, positive, probability } from "../../../pipeline/definition.ts"

/** Jaccard distance up to which two images are positives of each other. */
export const THRESHOLD = 0.5
/** Distance by which negatives should lie farther from an anchor than positives. */
export const MARGIN = 1.2

export const miningParams = {
  sim_threshold: probability("Jaccard distance up to which two images are positives of each other.", THRESHOLD),
  mining_strategy: oneOf(["ji"], "Relation that makes positives: `ji`, the Jaccard distance of labels.", "ji")
}

export const marginParam = positive("Margin of the hinge.", MARGIN)
