/** An audit as text for a terminal. */
import { counted, grouped, printable } from "../../../pipeline/words.ts"
import { findingText } from "../../data/archives/shared/findings.ts"
import type { Audit } from "../../elements.ts"
import { wrapped } from "../table.ts"

/** Number of classes in the table; the page and the JSON have all of them. */
const SHOWN = 60
const WIDEST = 34
/** Number of differences in the text; the page and the JSON have all of them. */
const DIFFERENCES = 6

const shorten = (text: string): string => (text.length <= WIDEST ? text : `${text.slice(0, WIDEST - 1)}…`)

const tallied = (what: string, counts: Readonly<Record<string, number>>): ReadonlyArray<string> =>
  Object.keys(counts).length === 0
    ? []
    : wrapped(
        `${what}: ${Object.entries(counts)
          // A colon separates a number of labels from a number of patches.
          .map(([key, n]) => `${printable(key)}${/^\d+$/.test(key) ? ":" : ""} ${grouped(n)}`)
          .join(", ")}`
      )

const classTable = ({ classCounts, splits }: Audit): ReadonlyArray<string> => {
  const parts = Object.keys(splits)
  const width = Math.min(WIDEST, Math.max(...classCounts.map(({ name }) => printable(name).length)))
  const row = (name: string, cells: ReadonlyArray<string>) =>
    `${shorten(printable(name)).padEnd(width)}${cells.map((cell) => cell.padStart(10)).join("")}`
  return [
    row("class", ["all", ...parts]),
    ...classCounts
      .slice(0, SHOWN)
      .map(({ name, splits: counts, total }) =>
        row(name, [total, ...parts.map((part) => counts[part] ?? 0)].map(grouped))
      ),
    ...(classCounts.length > SHOWN
      ? [`and ${classCounts.length - SHOWN} more classes: the page and the JSON have all`]
      : [])
  ]
}

/** The result of the comparison with the published counts. */
export const verdict = ({ patches, published }: Audit): string => {
  if (published === undefined) return "No published counts are known for this kind of archive."
  const { differences, source } = published
  if (differences.length === 0) return `All counts are as published (${source}).`
  const shown = differences.slice(0, DIFFERENCES).join("; ")
  const more = differences.length > DIFFERENCES ? `; and ${differences.length - DIFFERENCES} more` : ""
  const part =
    patches < published.patches
      ? `Contains ${grouped(patches)} of the ${grouped(published.patches)} published patches (${source})`
      : `Differs from the published counts (${source})`
  return `${part}: ${shown}${more}.`
}

/** Lines of the audit, at most 80 characters wide unless words or class tables are wider. */
export const auditText = (audit: Audit): ReadonlyArray<string> => {
  const { archive, countries, distinctSets, findings, labelsPerPatch, leak, nomenclature, patches, pixels, splits } =
    audit
  const leaks = Object.entries(leak ?? {}).flatMap(([part, row]) => tallied(`${part} here, in v1`, row))
  const found = findings.flatMap((one) => wrapped(printable(`[${one.severity}] ${findingText(one)}. ${one.remedy}.`)))
  return [
    "",
    `${printable(archive)}: ${counted(patches, "patch", "patches")}, ${counted(audit.classCounts.length, "class", "classes")} (${nomenclature})`,
    ...tallied("splits", splits),
    ...tallied("countries", countries),
    ...tallied("labels per patch", labelsPerPatch),
    ...tallied("distinct label sets", distinctSets),
    ...leaks,
    "",
    ...classTable(audit),
    "",
    ...wrapped(printable(verdict(audit))),
    "",
    ...(found.length > 0 ? found : ["No problems were found."]),
    ...(pixels ? [] : ["Pixels were not read, so damaged and duplicate images could not be found."])
  ]
}
