/** A comparison of runs as text. */

import { printable } from "../../../pipeline/words.ts"
import type { ComparedFigure, Comparison } from "../../elements.ts"
import { MARK } from "../comparison.ts"
import { figure } from "../table.ts"

type Difference = NonNullable<ComparedFigure["differences"][number]>

/** Whether the interval leaves 0 out. */
export const stands = ({ high, low }: Difference): boolean => low > 0 || high < 0

export const signed = (value: number): string => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(4)}`

/** `+0.0123 [-0.0010, +0.0250]`, with `*` where the interval leaves 0 out. */
export const differenceText = (difference: Difference | null): string =>
  difference === null
    ? "-"
    : `${signed(difference.mean)} [${signed(difference.low)}, ${signed(difference.high)}]${stands(difference) ? "*" : " "}`

/** Names of the runs as tables show them. */
export const runNames = ({ runs, useDatabaseLabels }: Comparison): ReadonlyArray<string> =>
  runs.map((run) => printable(useDatabaseLabels.includes(run) ? `${run} ${MARK}` : run))

const labelNote = ({ useDatabaseLabels }: Comparison): ReadonlyArray<string> =>
  useDatabaseLabels.length === 0
    ? []
    : [`${MARK} ranked with the labels of the database: no figures of the embeddings alone, whatever the differences.`]

export const comparisonNotes = (comparison: Comparison): ReadonlyArray<string> => {
  const { queries, resamples, runs } = comparison
  return [
    `Means by run over ${queries} queries; behind them what a run has more than ${printable(runs[0])}, with the 95 % interval of ${resamples} paired resamples of the queries.`,
    "* marks intervals without 0. They say how much a difference depends on which queries were drawn, not on training: that takes several seeds. Of twenty figures without any difference, one is marked by chance.",
    ...labelNote(comparison)
  ]
}

/** One line a figure: the means of all runs, then the differences from the first. */
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
