/** Pairs of a batch by a relation: positives have a relevance above 0, all others are negatives. */
import type { Selected } from "./selection.ts"

/**
 * Every row as an anchor, with its positives and negatives.
 *
 * @param relevance [rows, rows]; above 0 means positive
 */
export const pairsOf = (relevance: Float64Array, rows: number): ReadonlyArray<Selected> =>
  Array.from({ length: rows }, (_, anchor) => {
    const other = Array.from({ length: rows }, (__, i) => i).filter((i) => i !== anchor)
    const positive = (i: number) => relevance[anchor * rows + i] > 0
    return { anchor, positives: other.filter(positive), negatives: other.filter((i) => !positive(i)) }
  })
