/** The report page: one HTML file that needs no network. */
import { counted } from "../../../pipeline/words.ts"
import type { NamedReport } from "../comparison.ts"
import { escapeText, htmlDocument } from "../html.ts"
import { type LeftOut, leftOutSection } from "./left-out.ts"
import type { StripWithPictures } from "./page-pictures.ts"
import { pageStrips, pictureStyle } from "./page-strips.ts"
import { pageTable } from "./page-table.ts"
import { toolsScript } from "./page-tools.ts"
import { linePlot, type Plot } from "./plot.ts"
import { precisionRecallPlots } from "./precision-recall-plots.ts"

/** The content of the report page. */
export interface Page {
  readonly experiment: string
  /** In the order of the table's columns; the last one is the report of this page. */
  readonly reports: ReadonlyArray<NamedReport>
  readonly plots: ReadonlyArray<Plot>
  readonly strips: ReadonlyArray<StripWithPictures>
  /** WebP; strips refer to them by index. */
  readonly pictures: ReadonlyArray<Uint8Array>
  readonly leftOut: LeftOut
  /** The run's configuration as text; empty if it is not known. */
  readonly configuration: string
}

const RULE =
  "The Jaccard distance of two images is the share of labels that only one of them has, among all labels of both: 0 if their labels are equal, 1 if they have none in common."

/** The first note is the relevance rule, which is shown at the top. */
const rule = ({ report }: NamedReport): string =>
  `<p class="rule">${escapeText(report.notes[0] ?? "")} <span class="soft">${RULE}</span></p>`

const facts = ({ report }: NamedReport): string =>
  `${counted(report.queries, "query", "queries")} in a database of ${counted(report.database, "image")}`

const plots = (heading: string, all: ReadonlyArray<Plot>): string =>
  all.length === 0
    ? ""
    : `<h2>${heading}</h2><div class="plots">${all
        .map(
          (plot) => `<figure class="card"><figcaption>${escapeText(plot.title)}</figcaption>${linePlot(plot)}</figure>`
        )
        .join("")}</div>`

/** Each note once, with the names of its reports unless all reports have it. */
const notes = (reports: ReadonlyArray<NamedReport>): string => {
  const all = new Set(reports.flatMap(({ report }) => report.notes))
  const items = [...all].map((note) => {
    const having = reports.filter(({ report }) => report.notes.includes(note)).map(({ name }) => name)
    const whose = having.length === reports.length ? "" : `${having.map(escapeText).join(", ")}: `
    return `<li>${whose}${escapeText(note)}</li>`
  })
  return `<h2>Notes</h2><ul class="notes">${items.join("")}</ul>`
}

const configuration = (text: string): string =>
  text === ""
    ? ""
    : `<h2>Configuration</h2><details class="card"><summary>Resolved configuration of this run</summary><pre>${escapeText(text)}</pre></details>`

/** The whole document. Every text that comes from data is escaped. */
export const page = ({ experiment, pictures, plots: drawn, reports, strips, ...rest }: Page): string => {
  const own = reports[reports.length - 1]
  return htmlDocument({
    title: `${experiment} · retrieval report`,
    kind: "Multi-label image retrieval",
    heading: experiment,
    facts: facts(own),
    body: [
      rule(own),
      "<h2>Retrieval quality</h2>",
      pageTable(reports),
      plots("Precision and recall", precisionRecallPlots(reports)),
      plots("Training", drawn),
      pageStrips(strips),
      notes(reports),
      leftOutSection(rest.leftOut),
      configuration(rest.configuration)
    ].join("\n"),
    rules: pictureStyle(pictures),
    scripts: strips.length > 0 ? toolsScript : ""
  })
}
