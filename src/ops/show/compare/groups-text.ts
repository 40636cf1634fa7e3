/** A comparison of groups of runs as text. */
import { printable } from "../../../pipeline/words.ts"
import type { ComparedFigure, Comparison } from "../../elements.ts"
import { figure } from "../../measure/figure-text.ts"
import { spread } from "../../measure/grouped.ts"
import { isSignificant, pText, runNames, signed } from "./compared.ts"

/** `0.7700 ± 0.0291`, mean and sample deviation; without a deviation for a single run. */
export const spreadText = (values: ReadonlyArray<number | null> = []): string => {
  const { deviation, mean } = spread(values)
  return deviation === null ? figure(mean) : `${figure(mean)} ± ${figure(deviation)}`
}

type Difference = NonNullable<ComparedFigure["differences"][number]>

/** The p-value, corrected for the number of differences. */
export const pValue = ({ adjusted, p }: Difference): string => pText(adjusted ?? p)

const differenceCell = (one: Difference | null): string =>
  one === null
    ? "-"
    : `${signed(one.mean)} [${signed(one.low)}, ${signed(one.high)}]${isSignificant(one) ? "*" : " "} p ${pValue(one)}`

/**
 * How the figures were made, in sentences.
 *
 * @param marked the words for a difference whose interval excludes 0
 */
export const groupsNotes = (
  { members = [], notes = [], paired, queries, resamples, runs }: Comparison,
  marked = "* marks differences that have"
): ReadonlyArray<string> => {
  const sizes = members.map(({ length }, i) => `${printable(runs[i])} ${length}`).join(", ")
  const single = members.some(({ length }) => length < 2)
  return [
    `Means ± sample deviation over the runs of each group (${sizes}), each over ${queries} queries. Differences are to ${printable(runs[0])}, with 95 % intervals of ${resamples} resamples of ${paired === true ? "pairs of runs" : "runs"} and queries together (pigeonhole bootstrap, Owen 2007).`,
    `${marked} an interval without 0. p is corrected for the number of differences in this table (Holm 1979).`,
    ...(single
      ? ["A group of one run cannot show how much training varies: its interval says only how much queries do."]
      : []),
    ...notes.map(printable)
  ]
}

/** One block per figure: a line for each group with its mean, deviation and difference. */
export const groupsTable = (comparison: Comparison): ReadonlyArray<string> => {
  const names = runNames(comparison)
  const cells = comparison.figures.flatMap(({ differences, name, values = [] }) =>
    names.map((group, g) => [
      g === 0 ? printable(name) : "",
      group,
      spreadText(values[g]),
      g === 0 ? "" : differenceCell(differences[g - 1])
    ])
  )
  const head = ["", "", "mean ± deviation", `minus ${names[0]}`]
  const widths = head.map((text, column) => Math.max(text.length, ...cells.map((row) => row[column].length)))
  return [head, ...cells].map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join("  ")
      .trimEnd()
  )
}
