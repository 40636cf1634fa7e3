/** Findings: what an archive's reader or an audit reports about several items. */
import { grouped } from "../../../../pipeline/words.ts"
import type { Finding } from "../../../elements.ts"
import { clauseOf } from "./clause.ts"

export type { Finding } from "../../../elements.ts"

/** Number of examples that a finding shows. */
const SHOWN = 5

/**
 * A finding about these items; an empty list if there are no items.
 *
 * @param what a clause in the plural, see `clauseOf`
 */
export const finding = (
  what: string,
  items: ReadonlyArray<string>,
  severity: Finding["severity"],
  remedy: string
): ReadonlyArray<Finding> =>
  items.length === 0 ? [] : [{ what, count: items.length, examples: items.slice(0, SHOWN), severity, remedy }]

/** Merges findings that report the same about several files. */
export const together = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  const byText = new Map<string, Finding>()
  for (const one of findings) {
    const other = byText.get(one.what)
    const examples = [...(other?.examples ?? []), ...one.examples].slice(0, SHOWN)
    byText.set(one.what, { ...one, count: (other?.count ?? 0) + one.count, examples })
  }
  return [...byText.values()]
}

/** The finding of an archive without any images, if only labels are wanted. */
export const noImages = (names: ReadonlyArray<string>): ReadonlyArray<Finding> =>
  finding(
    "label rows have no images: the archive holds none",
    names,
    "note",
    "Only the labels were checked; add the images before training"
  )

/** A finding with its count: "3 label rows have no image". */
export const countedText = ({ count, what }: Finding): string => `${grouped(count)} ${clauseOf(count, what)}`

/** A finding as a clause: "3 label rows have no image: a, b, c". */
export const findingText = (one: Finding): string => {
  const { count, examples } = one
  const more = count > examples.length ? `, and ${grouped(count - examples.length)} more` : ""
  return `${countedText(one)}${examples.length === 0 ? "" : `: ${examples.join(", ")}${more}`}`
}
