/** Selection: which images an anchor is compared with. It looks at a relation alone. */
import type { Choose } from "./loss.ts"
import type { Relation } from "./relation.ts"

/** An anchor, what it is to be near to, and what it is to be far from: rows of the batch, ascending. */
export interface Selected {
  readonly anchor: number
  readonly positives: ReadonlyArray<number>
  readonly negatives: ReadonlyArray<number>
}

/** Where an anchor itself counts: with those like it, with the others, or nowhere. */
export type AnchorCounts = "positive" | "negative" | "nowhere"

/** Of every anchor, all that are like it and all that are not; lists may be empty. */
export const candidates = ({ alike, rows }: Relation, anchorCounts: AnchorCounts): ReadonlyArray<Selected> =>
  Array.from({ length: rows }, (_, anchor) => {
    const positives: Array<number> = []
    const negatives: Array<number> = []
    for (let other = 0; other < rows; other++) {
      if (other !== anchor) (alike[anchor * rows + other] === 1 ? positives : negatives).push(other)
      else if (anchorCounts !== "nowhere") (anchorCounts === "positive" ? positives : negatives).push(other)
    }
    return { anchor, positives, negatives }
  })

/** Those that have both something to be near to and something to be far from. */
export const complete = (selected: ReadonlyArray<Selected>): ReadonlyArray<Selected> =>
  selected.filter(({ positives, negatives }) => positives.length > 0 && negatives.length > 0)

/** One positive and one negative each, drawn evenly: first a positive for every anchor, then a negative for every anchor. */
export const drawn = (selected: ReadonlyArray<Selected>, choose: Choose): ReadonlyArray<Selected> => {
  const one = (from: ReadonlyArray<number>) => from[choose(from.length)]
  const positives = selected.map((each) => one(each.positives))
  const negatives = selected.map((each) => one(each.negatives))
  return selected.map(({ anchor }, i) => ({ anchor, positives: [positives[i]], negatives: [negatives[i]] }))
}
