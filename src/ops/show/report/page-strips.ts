/** The strips of a page: a query beside its best results, in even rows. */
import { defaultThresholds } from "../../measure/relevance.ts"
import { factLines } from "../fact-lines.ts"
import { escapeText } from "../html.ts"
import type { Shown, ShownResult } from "../strips/strip.ts"
import type { Strip } from "../strips/strips-file.ts"
import type { StripWithPictures } from "./page-pictures.ts"
import { stripTools } from "./page-tools.ts"

/** A picture that opens its larger form, with name and labels, when it is chosen. */
const picture = (number: number, { name }: Shown, what: string): string =>
  `<button type="button" class="picture p${number}" aria-label="${what}: ${escapeText(name)}" title="${escapeText(name)}"></button>`

const labels = ({ labels }: Shown, query: Shown | undefined): string => {
  if (labels.length === 0) return '<ul class="labels"><li class="other">no label</li></ul>'
  const items = labels.map((label) => {
    const kind = query === undefined ? "" : query.labels.includes(label) ? ' class="shared"' : ' class="other"'
    return `<li${kind}>${escapeText(label)}</li>`
  })
  return `<ul class="labels">${items.join("")}</ul>`
}

/** Date, place and other facts; nothing if none are known. A tile shows the first lines, the larger form all of them. */
const about = ({ facts }: Shown): string => {
  const lines = factLines(facts)
  return lines.length === 0
    ? ""
    : `<ul class="about">${lines.map((line) => `<li>${escapeText(line)}</li>`).join("")}</ul>`
}

/** The label similarity as a number and a bar; nothing if it is not known. */
const similarity = ({ similarity: value }: ShownResult): string =>
  value === null
    ? ""
    : `<div class="place"><span>labels</span><b>${value.toFixed(2)}</b></div><div class="bar"><i style="width:${(100 * value).toFixed(0)}%"></i></div>`

/**
 * A score as text: three decimals, or four digits if it is large, as distances may be.
 *
 * @example
 * scoreText(0.98765) // => "0.988"
 * scoreText(-1234.5) // => "-1235"
 */
export const scoreText = (score: number): string => (Math.abs(score) < 10 ? score.toFixed(3) : score.toPrecision(4))

const result = (number: number, i: number, shown: ShownResult, query: Shown): string =>
  [
    `<li class="tile">${picture(number, shown, `Result ${i + 1}`)}`,
    `<div class="place"><b>#${i + 1}</b><span>score ${scoreText(shown.score)}</span></div>`,
    `${similarity(shown)}${labels(shown, query)}${about(shown)}</li>`
  ].join("")

const BY_LABELS = " · ranked with the labels of the database"

const precision = ({ ap }: Strip): string =>
  ap === undefined ? "" : ` <span class="ap">AP ${ap === null ? "undefined" : ap.toFixed(3)}</span>`

/** Columns of wide and of narrow windows, in order of preference. */
const WIDE = [5, 6, 4, 7] as const
const NARROW = [2, 3] as const

/**
 * The number of columns that leaves the fewest gaps in the last row.
 *
 * @example
 * evenColumns(10, [5, 6, 4]) // => 5
 * evenColumns(12, [5, 6, 4]) // => 6
 */
export const evenColumns = (tiles: number, choices: ReadonlyArray<number>): number => {
  const gaps = (columns: number) => Math.ceil(tiles / columns) * columns - tiles
  return choices.reduce((best, columns) => (gaps(columns) < gaps(best) ? columns : best))
}

const one =
  (classes: ReadonlyArray<string>) =>
  (strip: StripWithPictures): string => {
    const { length } = strip.results
    const columns = `--wide:${evenColumns(length, WIDE)};--narrow:${evenColumns(length, NARROW)}`
    return [
      `<section class="card strip" data-ap="${strip.ap ?? ""}" data-labels="${strip.query.labels.map((label) => classes.indexOf(label)).join(" ")}">`,
      `<h3>Query ${strip.row + 1} <span>${escapeText(strip.query.name)}${strip.usesDatabaseLabels === true ? BY_LABELS : ""}</span>${precision(strip)}</h3>`,
      `<div class="found"><div class="query tile">${picture(strip.pictures[0], strip.query, "Query")}<div class="place"><b>query</b></div>`,
      `${labels(strip.query, undefined)}${about(strip.query)}</div><ol class="tiles" style="${columns}">`,
      ...strip.results.map((shown, i) => result(strip.pictures[i + 1], i, shown, strip.query)),
      "</ol></div></section>"
    ].join("")
  }

/** Style rules that contain each picture once, however many tiles show it. */
export const pictureStyle = (pictures: ReadonlyArray<Uint8Array>): string =>
  pictures
    .map((webp, i) => `.p${i}{background-image:url(data:image/webp;base64,${Buffer.from(webp).toString("base64")})}`)
    .join("\n")

const SCORE =
  "The number beside the rank is the score by which the results are ordered: the similarity of the embeddings, or the value by which a re-ranking replaced it."
const LABELS =
  "`labels` and the bar give the label similarity to the query (1 minus the Jaccard distance of the labels), and a tick marks a label that the query has, too."
const AP = `AP is the query's average precision over the whole database, where images at a Jaccard distance of at most ${defaultThresholds.hard} count as relevant.`
const MISSING = "Hatched areas are pixels without data."

/** How to read the strips, in sentences that fit the strips shown. */
const explanation = (strips: ReadonlyArray<StripWithPictures>): string =>
  [
    "Each card shows a query and the images that were found for it, best first. Choose a picture to enlarge it.",
    SCORE,
    ...(strips.some(({ results }) => results.some(({ similarity: value }) => value !== null)) ? [LABELS] : []),
    ...(strips.some(({ ap }) => ap !== undefined) ? [AP] : []),
    ...(strips.some(({ missing }) => missing === true) ? [MISSING] : [])
  ].join(" ")

/** Classes of the queries, sorted. */
const classesOf = (strips: ReadonlyArray<StripWithPictures>): ReadonlyArray<string> =>
  [...new Set(strips.flatMap(({ query }) => query.labels))].sort()

/** The section of a page that shows strips; empty if there are none. */
export const pageStrips = (strips: ReadonlyArray<StripWithPictures>, heading = "Example results"): string => {
  if (strips.length === 0) return ""
  const classes = classesOf(strips)
  const judged = strips.some(({ ap }) => ap !== undefined)
  return [
    `<h2>${escapeText(heading)}</h2>`,
    `<p>${explanation(strips).replaceAll(/`([^`]*)`/g, "<i>$1</i>")}</p>`,
    strips.length > 1 ? stripTools(classes, judged) : "",
    '<div id="strips">',
    ...strips.map(one(classes)),
    "</div>"
  ].join("\n")
}
