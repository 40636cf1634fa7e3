/** Reports as immutable values, and as tables of numbers. */
import type { Report, Results } from "../elements.ts"
import { field } from "../formats/csv-rows.ts"
import { MeasureError } from "./measure-error.ts"

/**
 * Lists every figure: its name, its part (a level, a relation, a class; empty if it has none) and its value.
 *
 * @example
 * figuresIn({ mAP: { hard: 0.5 }, MRR: 1 }) // => [["mAP", "hard", 0.5], ["MRR", "", 1]]
 */
export const figuresIn = (
  results: Results
): ReadonlyArray<readonly [name: string, part: string, value: number | null]> =>
  Object.entries(results).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? Object.entries(value).map(([part, one]) => [name, part, one] as const)
      : [[name, "", value] as const]
  )

const wrong = (problem: string): MeasureError =>
  new MeasureError({ subject: "report", problem, remedy: "This is a fault of orbitrank itself: please report it" })

/**
 * Makes an immutable report.
 *
 * @throws MeasureError if a figure is neither finite nor null, or if more queries count than there are
 */
export const makeReport = (given: Omit<Report, "kind">): Report => {
  for (const [name, part, value] of figuresIn(given.results)) {
    if (value !== null && !Number.isFinite(value)) throw wrong(`${[name, part].join(" ").trim()} is ${value}`)
  }
  if (given.counted > given.queries) throw wrong(`${given.counted} of ${given.queries} queries count`)
  for (const value of Object.values(given.results)) if (typeof value === "object") Object.freeze(value)
  return Object.freeze({
    ...given,
    kind: "report",
    results: Object.freeze(given.results),
    notes: Object.freeze([...given.notes])
  })
}

/** Marks, in tables, a ranking that was made with the labels of the database. */
export const USES_LABELS = "uses database labels"

/**
 * Writes the figures as CSV: `figure,part,value`. The part is empty if a figure has none, the value if it is undefined. A
 * last line marks a ranking that was made with the labels of the database.
 *
 * @example
 * reportCsv({ results: { mAP: { hard: 0.5 }, MRR: null } }) // => "figure,part,value\nmAP,hard,0.5\nMRR,,\n"
 */
export const reportCsv = ({ results, usesDatabaseLabels }: Pick<Report, "results" | "usesDatabaseLabels">): string => {
  const rows = figuresIn(results).map(([name, part, value]) => `${field(name)},${field(part)},${value ?? ""}`)
  const said = usesDatabaseLabels === true ? [`${USES_LABELS},,1`] : []
  return `${["figure,part,value", ...rows, ...said].join("\n")}\n`
}
