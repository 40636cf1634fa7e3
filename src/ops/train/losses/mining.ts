/** Parameters that losses with positives and negatives have in common, and their defaults. */
import { oneOf, positive, probability } from "../../../pipeline/definition.ts"

/** Jaccard distance up to which two images are positives of each other. */
export const THRESHOLD = 0.5
/** Distance by which negatives should lie farther from an anchor than positives. */
export const MARGIN = 1.2

// Constants of their own, not one object to spread: bundlers then drop definitions that a program does not use.
/** The parameter `sim_threshold`. */
export const thresholdParam = probability(
  "Jaccard distance up to which two images are positives of each other.",
  THRESHOLD
)
/** The parameter `mining_strategy`. */
export const strategyParam = oneOf(["ji"], "Relation that makes positives: `ji`, the Jaccard distance of labels.", "ji")

/** The parameter `margin`. */
export const marginParam = positive("Margin of the hinge.", MARGIN)
