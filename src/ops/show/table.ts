/** Figures as text for a terminal. */
import { printable } from "../../pipeline/words.ts"
import { withInterval } from "../measure/figure-text.ts"
import { compare, markedName, type NamedReport } from "./comparison.ts"

const WIDTH = 80
const NARROWEST = 8
const WIDEST = 18
/** Class names may be long: wider ones are shortened. */
const WIDEST_PART = 28

const shorten = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

/** Text broken between words into lines of at most 80 characters; a longer word is a line of its own. */
export const wrapped = (text: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1]
    if (line !== undefined && line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/**
 * A table with one column per report, at most 80 characters wide for up to five reports (two, if they have intervals). The best
 * of several values is marked with `*`; undefined values are shown as `-`.
 *
 * @returns its lines
 */
export const textTable = (given: ReadonlyArray<NamedReport>): ReadonlyArray<string> => {
  const reports = given.map((one) => ({ ...one, name: printable(one.name) }))
  const rows = compare(reports).map((row) => ({ ...row, measure: printable(row.measure), part: printable(row.part) }))
  const longest = (texts: ReadonlyArray<string>) => texts.reduce((width, text) => Math.max(width, text.length), 0)
  const first = longest(rows.map((row) => row.measure))
  const second = Math.min(WIDEST_PART, longest(rows.map((row) => row.part)))
  const names = longest(reports.map(markedName))
  const room = Math.floor((WIDTH - first - second - 1) / Math.max(1, reports.length)) - 3
  const cells = rows.map(({ intervals, values }) => values.map((value, i) => withInterval(value, intervals[i])))
  const narrowest = Math.max(NARROWEST, longest(cells.flat()))
  const width = Math.max(narrowest, Math.min(names, WIDEST, room))
  const line = (measure: string, part: string, cells: ReadonlyArray<string>) =>
    `${measure.padEnd(first)} ${shorten(part, second).padEnd(second)}${cells.join("")}`.trimEnd()
  const head = line(
    "",
    "",
    reports.map((one) => {
      const mark = markedName({ ...one, name: "" })
      return `  ${`${shorten(one.name, width - mark.length)}${mark}`.padStart(width)} `
    })
  )
  return [
    head,
    ...rows.map(({ best, measure, part }, i) =>
      line(
        rows[i - 1]?.measure === measure ? "" : measure,
        part,
        cells[i].map((cell, column) => `  ${cell.padStart(width)}${column === best ? "*" : " "}`)
      )
    )
  ]
}
