/** Labels that look filled in, as by dragging a cell in a spreadsheet, rather than observed. */
import type { ClassList } from "./class-list.ts"
import { type Finding, finding } from "./findings.ts"
import type { LabelTable } from "./label-table.ts"

/** Number of neighbouring classes of one image that look filled in. */
const FILLED_RUN = 8

/** Length of the longest run of neighbouring labels that are 1. */
const longestRun = (labels: Uint8Array): number => {
  let run = 0
  let longest = 0
  for (const label of labels) {
    run = label === 1 ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}

/** Whether the labels of one image look filled in: by their number, or by a run of neighbouring classes. */
export const isFilled = (labels: Uint8Array, { mostLabels = Number.POSITIVE_INFINITY }: ClassList): boolean =>
  labels.reduce((sum, label) => sum + label, 0) > mostLabels || longestRun(labels) >= FILLED_RUN

/**
 * The finding about images whose labels look filled in.
 *
 * @param items names of the images, with the files of their labels if these are known
 */
export const filledFinding = (
  items: ReadonlyArray<string>,
  { filledRemedy = "Compare the label files with those of another copy", mostLabels }: ClassList
): ReadonlyArray<Finding> => {
  const documented = mostLabels === undefined ? "" : `more than the documented ${mostLabels}, or `
  const limits = `${documented}${FILLED_RUN} neighbouring ones`
  return finding(`images have labels that look filled (${limits})`, items, "warn", filledRemedy)
}

/** The finding about rows of a table that look filled in. */
export const filledRows = ({ classes, file, labels, names }: LabelTable, list: ClassList): ReadonlyArray<Finding> =>
  filledFinding(
    names
      .filter((_, row) => isFilled(labels.subarray(row * classes.length, (row + 1) * classes.length), list))
      .map((name) => `${name} in ${file}`),
    list
  )
