/** The table of the report page. */

import { figure } from "../../measure/figure-text.ts"
import { compare, MARK, MARKED, markNote, type NamedReport, type Row } from "../comparison.ts"
import { escapeText, scrolling } from "../html.ts"

/** A figure, marked if it is the best of its row, with its interval. */
const cell = (row: Row, value: number | null, column: number): string => {
  const ends = row.intervals[column]
  const interval = ends === null ? "" : ` <small>[${ends.map((end) => end.toFixed(3)).join(", ")}]</small>`
  if (column === row.best) return `<td class="best"><span title="best">${figure(value)}</span>${interval}</td>`
  return `<td><span>${value === null ? '<abbr title="undefined">–</abbr>' : figure(value)}</span>${interval}</td>`
}

const line = (row: Row, before: Row | undefined, after: Row | undefined): string => {
  const first = row.measure !== before?.measure
  const last = row.measure !== after?.measure
  const place = [...(first ? ["first"] : []), ...(last ? ["last"] : [])].join(" ")
  return [
    `<tr class="${place}">`,
    `<th scope="row"><span class="measure${first ? "" : " again"}">${escapeText(row.measure)}</span><span class="part">${escapeText(row.part)}</span></th>`,
    ...row.values.map((value, column) => cell(row, value, column)),
    "</tr>"
  ].join("")
}

const foot = (label: string, values: ReadonlyArray<number>): string =>
  `<tr><th scope="row">${label}</th>${values.map((n) => `<td><span>${n}</span></td>`).join("")}</tr>`

const MARKUP = ` <abbr title="${escapeText(MARKED)}">${MARK}</abbr>`

/** Figures of all reports side by side, the best of each row marked, with the numbers of queries and database images below. */
export const pageTable = (reports: ReadonlyArray<NamedReport>): string => {
  const rows = compare(reports)
  const names = reports.map(
    ({ name, report }) =>
      `<th scope="col"><span>${escapeText(name)}${report.usesDatabaseLabels === true ? MARKUP : ""}</span></th>`
  )
  const counts = (pick: (report: NamedReport["report"]) => number) => reports.map(({ report }) => pick(report))
  const table = [
    `<table class="figures"><thead><tr><td></td>${names.join("")}</tr></thead><tbody>`,
    ...rows.map((row, i) => line(row, rows[i - 1], rows[i + 1])),
    "</tbody><tfoot>",
    foot(
      "queries",
      counts(({ queries }) => queries)
    ),
    ...(rows.some(({ measure }) => measure === "mAP")
      ? [
          foot(
            "queries in mAP and precision",
            counts(({ counted }) => counted)
          )
        ]
      : []),
    foot(
      "database images",
      counts(({ database }) => database)
    ),
    "</tfoot></table>"
  ]
  return [
    scrolling("Figures of all evaluations", table.join("")),
    ...markNote(reports).map((note) => `<p class="soft">${escapeText(note)}</p>`)
  ].join("")
}
