/** The strips of the report page, in as many rows as there is room for. */
import { defaultThresholds } from "../../measure/relevance.ts"
import { escapeText } from "../html.ts"
import type { Shown, ShownResult } from "../strips/strip.ts"
import type { Strip } from "../strips/strips-file.ts"
import type { StripWithPictures } from "./page-pictures.ts"
import { stripTools } from "./page-tools.ts"

const picture = (number: number, { name }: Shown): string =>
  `<div class="picture p${number}" role="img" aria-label="${escapeText(name)}" title="${escapeText(name)}"></div>`

const labels = ({ labels }: Shown, query: Shown | undefined): string => {
  if (labels.length === 0) return '<ul class="labels"><li class="other">no label</li></ul>'
  const items = labels.map((label) => {
    const kind = query === undefined ? "" : query.labels.includes(label) ? ' class="shared"' : ' class="other"'
    return `<li${kind}>${escapeText(label)}</li>`
  })
  return `<ul class="labels">${items.join("")}</ul>`
}

const result = (number: number, i: number, shown: ShownResult, query: Shown): string =>
  [
    `<li>${picture(number, shown)}`,
    `<div class="place"><b>${shown.similarity?.toFixed(2) ?? ""}</b><span>#${i + 1}</span></div>`,
    `<div class="bar"><i style="width:${(100 * (shown.similarity ?? 0)).toFixed(0)}%"></i></div>`,
    `${labels(shown, query)}</li>`
  ].join("")

const BY_LABELS = " · ranked with the labels of the database"

const precision = ({ ap }: Strip): string =>
  ap === undefined ? "" : ` <span class="ap">AP ${ap === null ? "undefined" : ap.toFixed(3)}</span>`

const one =
  (classes: ReadonlyArray<string>) =>
  (strip: StripWithPictures): string =>
    [
      `<section class="card strip" data-ap="${strip.ap ?? ""}" data-labels="${strip.query.labels.map((label) => classes.indexOf(label)).join(" ")}">`,
      `<h3>Query ${strip.row + 1} <span>${escapeText(strip.query.name)}${strip.usesDatabaseLabels === true ? BY_LABELS : ""}</span>${precision(strip)}</h3><ol class="tiles">`,
      `<li class="query">${picture(strip.pictures[0], strip.query)}<div class="place"><b>query</b></div><div class="bar"></div>`,
      `${labels(strip.query, undefined)}</li>`,
      ...strip.results.map((shown, i) => result(strip.pictures[i + 1], i, shown, strip.query)),
      "</ol></section>"
    ].join("")

/** Style rules that hold each picture once, wherever it stands. */
export const pictureStyle = (pictures: ReadonlyArray<Uint8Array>): string =>
  pictures
    .map((webp, i) => `.p${i}{background-image:url(data:image/webp;base64,${Buffer.from(webp).toString("base64")})}`)
    .join("\n")

const AP = ` AP is the query's average precision over the whole database, where images at a Jaccard distance of at most ${defaultThresholds.hard} count as relevant.`

/** Classes of the queries, in the order of their text. */
const classesOf = (strips: ReadonlyArray<StripWithPictures>): ReadonlyArray<string> =>
  [...new Set(strips.flatMap(({ query }) => query.labels))].sort()

export const pageStrips = (strips: ReadonlyArray<StripWithPictures>): string => {
  if (strips.length === 0) return ""
  const classes = classesOf(strips)
  const judged = strips.some(({ ap }) => ap !== undefined)
  return [
    "<h2>Example results</h2>",
    "<p>Each row shows a query and the images most similar to it by their embeddings, best first. The number and the bar",
    "below an image give its label similarity to the query (1 - Jaccard distance of their labels).",
    `A tick marks a label that the query has too.${judged ? AP : ""}</p>`,
    strips.length > 1 ? stripTools(classes, judged) : "",
    '<div id="strips">',
    ...strips.map(one(classes)),
    "</div>"
  ].join("\n")
}
