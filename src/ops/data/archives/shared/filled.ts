/** Labels that look filled in, as in a spreadsheet, not seen. */
import { type Finding, finding } from "./kind.ts"
import type { LabelTable } from "./label-table.ts"

/** So many neighbouring classes of one image. */
const FILLED_RUN = 8

/** What is known of a data set whose labels are looked at. */
interface Known {
  /** The most labels that an image is documented to have. */
  readonly most?: number
  readonly remedy?: string
}

/** By kinds of archives: as their articles say, or their label files when they were published. */
const KNOWN: Readonly<Record<string, Known>> = {
  "bigearthnet-v2": { most: 11 },
  ucm: { most: 7 },
  aid: { most: 11 },
  whdld: { most: 6 },
  dfc15: { most: 6 },
  mlrsnet: {
    most: 13,
    remedy:
      "Take the label files of 2020-06-30 (commit cd5ca1c of github.com/cugbrs/MLRSNet): those at its head are damaged"
  },
  eurosat: { most: 1 }
}

const knownOf = (kind: string): Known => KNOWN[kind] ?? {}

/** The most labels, 0 or 1, that are set beside each other. */
const longestRun = (labels: Uint8Array): number => {
  let run = 0
  let longest = 0
  for (const label of labels) {
    run = label === 1 ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}

/**
 * Whether labels of one image look filled: by their number, or a run of them.
 *
 * @param kind of archive, here as below
 */
export const isFilled = (labels: Uint8Array, kind: string): boolean =>
  labels.reduce((sum, label) => sum + label, 0) > (knownOf(kind).most ?? Number.POSITIVE_INFINITY) ||
  longestRun(labels) >= FILLED_RUN

/** @param items names of the images, with the files of their labels where these are known */
export const filledFinding = (items: ReadonlyArray<string>, kind: string): ReadonlyArray<Finding> => {
  const { most, remedy = "Compare the label files with those of another copy" } = knownOf(kind)
  const limits = `${most === undefined ? "" : `more than the documented ${most}, or `}${FILLED_RUN} neighbouring ones`
  return finding(`images have labels that look filled (${limits})`, items, "warn", remedy)
}

/** Rows of a table that look filled. */
export const filledRows = ({ classes, file, labels, names }: LabelTable, kind: string): ReadonlyArray<Finding> =>
  filledFinding(
    names
      .filter((_, row) => isFilled(labels.subarray(row * classes.length, (row + 1) * classes.length), kind))
      .map((name) => `${name} in ${file}`),
    kind
  )
