/** The report page: one HTML file that needs no network. */
import { counted } from "../../../pipeline/words.ts"
import type { NamedReport } from "../comparison.ts"
import { escapeText } from "../html.ts"
import { style } from "../style.ts"
import { type LeftOut, leftOutSection } from "./left-out.ts"
import type { StripWithPictures } from "./page-pictures.ts"
import { pageStrips, pictureStyle } from "./page-strips.ts"
import { pageTable } from "./page-table.ts"
import { toolsScript } from "./page-tools.ts"
import { linePlot, type Plot } from "./plot.ts"

export interface Page {
  readonly experiment: string
  /** In the order of the table's columns; the last one is that of the page. */
  readonly reports: ReadonlyArray<NamedReport>
  readonly plots: ReadonlyArray<Plot>
  readonly strips: ReadonlyArray<StripWithPictures>
  /** WebP, that strips have by number. */
  readonly pictures: ReadonlyArray<Uint8Array>
  readonly leftOut: LeftOut
  /** The run's configuration, as text; empty where it is not known. */
  readonly configuration: string
}

const RULE =
  "The Jaccard distance of two images is the share of their labels, taken together, that only one of them has: 0 for equal labels, 1 for none in common."

/** The first note is the relevance rule; it stands at the top. */
const rule = ({ report }: NamedReport): string =>
  `<p class="rule">${escapeText(report.notes[0] ?? "")} <span class="soft">${RULE}</span></p>`

const facts = ({ report }: NamedReport): string =>
  `${counted(report.queries, "query", "queries")} in a database of ${counted(report.database, "image")}`

const plots = (all: ReadonlyArray<Plot>): string =>
  all.length === 0
    ? ""
    : `<h2>How it was learnt</h2><div class="plots">${all
        .map(
          (plot) => `<figure class="card"><figcaption>${escapeText(plot.title)}</figcaption>${linePlot(plot)}</figure>`
        )
        .join("")}</div>`

/** Each note once, with the names of the reports that it belongs to where it does not belong to all. */
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
    : `<h2>Configuration</h2><details class="card"><summary>As it was run</summary><pre>${escapeText(text)}</pre></details>`

/** Tells the browser to fetch nothing: pictures, style and script are in the file. */
const ALONE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

/** The whole document. Every text that comes from data is escaped. */
export const page = ({ experiment, pictures, plots: drawn, reports, strips, ...rest }: Page): string => {
  const own = reports[reports.length - 1]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${ALONE}">
<title>${escapeText(experiment)} · retrieval report</title>
<style>${style}${pictureStyle(pictures)}</style>
</head>
<body><main>
<header><p class="kind">Multi-label image retrieval</p><h1>${escapeText(experiment)}</h1><p class="facts">${facts(own)}</p></header>
${rule(own)}
<h2>How well it finds</h2>
${pageTable(reports)}
${plots(drawn)}
${pageStrips(strips)}
${notes(reports)}
${leftOutSection(rest.leftOut)}
${configuration(rest.configuration)}
</main>${strips.length > 1 ? toolsScript : ""}</body>
</html>
`
}
