/** A comparison of runs as text. */
import { printable } from "../../../pipeline/words.ts"
import type { ComparedFigure, Comparison } from "../../elements.ts"
import { figure } from "../../measure/figure-text.ts"
import { MARK } from "../comparison.ts"

type Difference = NonNullable<ComparedFigure["differences"][number]>

/** Whether a difference is significant: its interval does not contain 0. */
export const isSignificant = ({ high, low }: Difference): boolean => low > 0 || high < 0

/**
 * A p-value. Resamples are too few to tell small ones apart.
 *
 * @example
 * [pText(0.0123), pText(0)] // => ["0.012", "< 0.001"]
 */
export const pText = (p: number): string => (p < 0.001 ? "< 0.001" : p.toFixed(3))

/**
 * A number with its sign and four decimals.
 *
 * @example
 * signed(0.5) // => "+0.5000"
 */
export const signed = (value: number): string => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(4)}`

/** `+0.0123 [-0.0010, +0.0250]`, with `*` if the interval does not contain 0. */
export const differenceText = (difference: Difference | null): string =>
  difference === null
    ? "-"
    : `${signed(difference.mean)} [${signed(difference.low)}, ${signed(difference.high)}]${isSignificant(difference) ? "*" : " "}`

/** Names of the runs as tables show them. */
export const runNames = ({ runs, useDatabaseLabels }: Comparison): ReadonlyArray<string> =>
  runs.map((run) => printable(useDatabaseLabels.includes(run) ? `${run} ${MARK}` : run))

const labelNote = ({ useDatabaseLabels }: Comparison): ReadonlyArray<string> =>
  useDatabaseLabels.length === 0
    ? []
    : [
        `${MARK} ranked with the labels of the database: these figures do not measure the embeddings alone, whatever the differences.`
      ]

export const comparisonNotes = (comparison: Comparison): ReadonlyArray<string> => {
  const { queries, resamples, runs } = comparison
  return [
    `Means of each run over ${queries} queries, and differences from ${printable(runs[0])} with the 95 % interval of ${resamples} paired resamples of the queries.`,
    "Intervals that do not contain 0 are marked as significant (* in text). They show how much a difference depends on the choice of queries, not on training; that needs several seeds. Of twenty figures without a true difference, one is marked by chance.",
    ...labelNote(comparison)
  ]
}

/** One line per figure: the means of all runs, then the differences from the first run. */
export const comparedTable = (comparison: Comparison): ReadonlyArray<string> => {
  const { figures } = comparison
  const runs = runNames(comparison)
  const [, ...others] = runs
  const cells = figures.map(({ differences, means, name }) => [
    printable(name),
    ...means.map(figure),
    ...differences.map(differenceText)
  ])
  const head = ["", ...runs, ...others.map((run) => `${run} - ${runs[0]} `)]
  const widths = head.map((text, column) => Math.max(text.length, ...cells.map((row) => row[column].length)))
  return [head, ...cells].map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column])))
      .join("  ")
      .trimEnd()
  )
}
