/** The strips of the report page: pictures cut out of each strip, so that they can stand in as many rows as there is room for. */
import { escapeText } from "./markup.ts"
import { stripTools } from "./page-tools.ts"
import { LAYOUT, leftOf, type Shown, type ShownResult } from "./strip.ts"
import type { Strip } from "./strips-file.ts"

/** A strip with its picture as WebP, a fifth of the PNG beside it. */
export type StripWithPicture = Strip & { readonly webp: Uint8Array }

/** Side of a picture on the page, in CSS pixels; as in the style sheet. */
const SIDE = 112

const pixels = (n: number): string => `${Number(((n * SIDE) / LAYOUT.side).toFixed(2))}px`

const picture = (strip: number, i: number, { name }: Shown): string =>
  `<div class="picture strip-${strip}" role="img" aria-label="${escapeText(name)}" title="${escapeText(name)}" style="background-position:-${pixels(leftOf(i))} -${pixels(LAYOUT.margin)}"></div>`

const labels = ({ labels }: Shown, query: Shown | undefined): string => {
  if (labels.length === 0) return '<ul class="labels"><li class="other">no label</li></ul>'
  const items = labels.map((label) => {
    const kind = query === undefined ? "" : query.labels.includes(label) ? ' class="shared"' : ' class="other"'
    return `<li${kind}>${escapeText(label)}</li>`
  })
  return `<ul class="labels">${items.join("")}</ul>`
}

const result = (strip: number, i: number, shown: ShownResult, query: Shown): string =>
  [
    `<li>${picture(strip, i + 1, shown)}`,
    `<div class="place"><b>${shown.similarity?.toFixed(2) ?? ""}</b><span>#${i + 1}</span></div>`,
    `<div class="bar"><i style="width:${(100 * (shown.similarity ?? 0)).toFixed(0)}%"></i></div>`,
    `${labels(shown, query)}</li>`
  ].join("")

const precision = ({ ap }: Strip): string =>
  ap === undefined ? "" : ` <span class="ap">AP ${ap === null ? "undefined" : ap.toFixed(3)}</span>`

const one =
  (classes: ReadonlyArray<string>) =>
  (strip: StripWithPicture, index: number): string =>
    [
      `<section class="card strip" data-ap="${strip.ap ?? ""}" data-labels="${strip.query.labels.map((label) => classes.indexOf(label)).join(" ")}">`,
      `<h3>Query ${strip.row + 1} <span>${escapeText(strip.query.name)}</span>${precision(strip)}</h3><ol class="tiles">`,
      `<li class="query">${picture(index, 0, strip.query)}<div class="place"><b>query</b></div><div class="bar"></div>`,
      `${labels(strip.query, undefined)}</li>`,
      ...strip.results.map((shown, i) => result(index, i, shown, strip.query)),
      "</ol></section>"
    ].join("")

/** Style rules that hold each strip's picture once, for all that is cut out of it. */
export const stripStyle = (strips: ReadonlyArray<StripWithPicture>): string =>
  strips
    .map(({ results, webp }, i) => {
      const width = leftOf(results.length) + LAYOUT.side + LAYOUT.margin
      const data = Buffer.from(webp).toString("base64")
      return `.strip-${i}{background-image:url(data:image/webp;base64,${data});background-size:${pixels(width)} auto}`
    })
    .join("\n")

/** Classes of the queries, in the order of their text. */
const classesOf = (strips: ReadonlyArray<StripWithPicture>): ReadonlyArray<string> =>
  [...new Set(strips.flatMap(({ query }) => query.labels))].sort()

export const pageStrips = (strips: ReadonlyArray<StripWithPicture>): string => {
  if (strips.length === 0) return ""
  const classes = classesOf(strips)
  const judged = strips.some(({ ap }) => ap !== undefined)
  return [
    "<h2>What is found</h2>",
    "<p>For some queries, the images most similar to them by their embeddings, best first. The number and the bar below",
    "an image are its label similarity, the share of labels that it has in common with the query (1 - Jaccard distance);",
    `labels with a tick are the query's too.${judged ? " AP is the query's average precision at hard, over the whole database." : ""}</p>`,
    strips.length > 1 ? stripTools(classes, judged) : "",
    '<div id="strips">',
    ...strips.map(one(classes)),
    "</div>"
  ].join("\n")
}
