/** Findings: what an archive's reader or an audit reports about several items. */
import { grouped } from "../../../../pipeline/words.ts"
import type { Finding } from "../../../elements.ts"
import { clauseOf } from "./clause.ts"

export type { Finding } from "../../../elements.ts"

/** More would not be read. */
const SHOWN = 5

/**
 * A finding about these items; none where there are none.
 *
 * @param what as of several, see `clauseOf`
 */
export const finding = (
  what: string,
  items: ReadonlyArray<string>,
  severity: Finding["severity"],
  remedy: string
): ReadonlyArray<Finding> =>
  items.length === 0 ? [] : [{ what, count: items.length, examples: items.slice(0, SHOWN), severity, remedy }]

/** Findings that say the same of several files as one. */
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
    "label rows stand alone: no images are there",
    names,
    "note",
    "Labels are all that was looked at; get the images before anything is trained"
  )

/** How many there are of what: "3 label rows have no image". */
export const countedText = ({ count, what }: Finding): string => `${grouped(count)} ${clauseOf(count, what)}`

/** A finding as a clause: "3 label rows have no image: a, b, c". */
export const findingText = (one: Finding): string => {
  const { count, examples } = one
  const more = count > examples.length ? `, and ${grouped(count - examples.length)} more` : ""
  return `${countedText(one)}${examples.length === 0 ? "" : `: ${examples.join(", ")}${more}`}`
}
