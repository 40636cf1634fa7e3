/** Reports as tables of numbers. */
import type { Report } from "../elements.ts"
import { field } from "../formats/csv.ts"
import { figuresIn } from "./report-value.ts"

/** How tables say that a ranking was made with the labels of the database. */
export const USES_LABELS = "uses database labels"

/** The column of tables by query that tells by which rule images were relevant. */
export const THRESHOLDS = "thresholds"

/**
 * The figures as CSV: `figure,part,value`, empty where a figure has no part, or is not defined. A last line says where the
 * ranking was made with the labels of the database.
 */
export const reportCsv = ({ results, usesDatabaseLabels }: Pick<Report, "results" | "usesDatabaseLabels">): string => {
  const rows = figuresIn(results).map(([name, part, value]) => `${field(name)},${field(part)},${value ?? ""}`)
  const said = usesDatabaseLabels === true ? [`${USES_LABELS},,1`] : []
  return `${["figure,part,value", ...rows, ...said].join("\n")}\n`
}
