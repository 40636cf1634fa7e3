/** Selection: which images an anchor is compared with. It depends on a relation only. */
import type { Choose } from "./loss.ts"
import type { Relation } from "./relations.ts"

/** An anchor with its positives and negatives: rows of the batch, ascending. */
export interface Selected {
  readonly anchor: number
  readonly positives: ReadonlyArray<number>
  readonly negatives: ReadonlyArray<number>
}

/** Whether an anchor counts among its own positives, among its negatives, or among neither. */
export type AnchorCounts = "positive" | "negative" | "nowhere"

/** One row as an anchor, with all rows that are like it and all that are not; both lists may be empty. */
export const candidate = (
  { alike, rows }: Pick<Relation, "alike" | "rows">,
  anchor: number,
  anchorCounts: AnchorCounts
): Selected => {
  const positives: Array<number> = []
  const negatives: Array<number> = []
  for (let other = 0; other < rows; other++) {
    if (other !== anchor) (alike[anchor * rows + other] === 1 ? positives : negatives).push(other)
    else if (anchorCounts !== "nowhere") (anchorCounts === "positive" ? positives : negatives).push(other)
  }
  return { anchor, positives, negatives }
}

/** Every anchor with all rows that are like it and all that are not. */
export const candidates = (relation: Relation, anchorCounts: AnchorCounts): ReadonlyArray<Selected> =>
  Array.from({ length: relation.anchors }, (_, anchor) => candidate(relation, anchor, anchorCounts))

/** The anchors that have both positives and negatives. */
export const complete = (selected: ReadonlyArray<Selected>): ReadonlyArray<Selected> =>
  selected.filter(({ positives, negatives }) => positives.length > 0 && negatives.length > 0)

/** One positive and one negative per anchor, drawn evenly: first all positives, then all negatives. */
export const drawn = (selected: ReadonlyArray<Selected>, choose: Choose): ReadonlyArray<Selected> => {
  const one = (from: ReadonlyArray<number>) => from[choose(from.length)]
  const positives = selected.map((each) => one(each.positives))
  const negatives = selected.map((each) => one(each.negatives))
  return selected.map(({ anchor }, i) => ({ anchor, positives: [positives[i]], negatives: [negatives[i]] }))
}
