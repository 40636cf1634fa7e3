/** A strip: one query and its best results as one picture. */
import type { Gallery, Ranking } from "../../elements.ts"
import { labelSimilarity } from "../../measure/relevance.ts"
import { blank, type Colour, fill, place, type Raster, writeNumber } from "../pictures/raster.ts"
import { type Rgb, stretchOf, trueColour } from "../pictures/true-colour.ts"

/** One patch of a strip. */
export interface Shown {
  readonly name: string
  readonly labels: ReadonlyArray<string>
  /** Further facts about the patch, such as its date and its place, if any are known. */
  readonly facts?: Readonly<Record<string, string>>
}
export interface ShownResult extends Shown {
  /** 1 - Jaccard distance of its labels and the query's; null if the query's labels are not known. */
  readonly similarity: number | null
  /** The score by which the result is ranked: similarity of the embeddings, or the score of a re-ranking. */
  readonly score: number
}
/** The content of a strip, as in `strips.json`. */
export interface StripContent {
  /** Row of the query: its position among the queries. */
  readonly row: number
  readonly query: Shown
  readonly results: ReadonlyArray<ShownResult>
  /** True if some pixels of its pictures have no data. */
  readonly missing?: boolean
  /** True if the order was made with the labels of the database. */
  readonly usesDatabaseLabels?: boolean
  /** Average precision of the whole ranking at hard; null if nothing is relevant, absent if it is not known. */
  readonly ap?: number | null
}

const shown = ({ classes, facts, labels, names }: Gallery, image: number): Shown => {
  const own = facts?.[image] ?? {}
  return {
    name: names[image],
    labels: classes.filter((_, c) => labels[image * classes.length + c] !== 0),
    ...(Object.keys(own).length === 0 ? {} : { facts: own })
  }
}

/**
 * The content of the strip of one query.
 *
 * @param row a query of this ranking: from `ranking.from` to `ranking.to` - 1
 * @param top number of results; fewer if the database is smaller
 */
export const stripContent = ({ from, gallery, order, scores }: Ranking, row: number, top: number): StripContent => {
  const n = gallery.database.length
  const width = gallery.classes.length
  const labelsOf = (image: number) => gallery.labels.subarray(image * width, (image + 1) * width)
  const query = gallery.queries[row]
  const results = Array.from({ length: Math.min(top, n) }, (_, rank): ShownResult => {
    const at = (row - from) * n + rank
    const image = gallery.database[order[at]]
    return {
      ...shown(gallery, image),
      similarity:
        gallery.unlabelled === true || gallery.classes.length === 0
          ? null
          : labelSimilarity(labelsOf(query), labelsOf(image)),
      score: scores[at]
    }
  })
  const content = { row, query: shown(gallery, query), results }
  return gallery.usesDatabaseLabels === true ? { ...content, usesDatabaseLabels: true } : content
}

/**
 * Rows spread evenly over all queries, starting with the first.
 *
 * @example
 * spread(10, 4) // => [0, 2, 5, 7]
 */
export const spread = (queries: number, wanted: number): ReadonlyArray<number> => {
  const count = Math.min(queries, wanted)
  return Array.from({ length: count }, (_, i) => Math.floor((i * queries) / count))
}

/** Rows of the first queries, as the original draws them. */
export const first = (queries: number, wanted: number): ReadonlyArray<number> => [
  ...Array(Math.min(queries, wanted)).keys()
]

/** Sizes in pixels: side of a picture, frame around the query, gaps, and the mark below a result. */
export const LAYOUT = { side: 120, margin: 8, frame: 3, gap: 4, afterQuery: 16, bar: 5, digits: 2 } as const

/** Left edge of picture i; 0 is the query. */
export const leftOf = (i: number): number =>
  LAYOUT.margin + i * (LAYOUT.side + LAYOUT.gap) + (i > 0 ? LAYOUT.afterQuery : 0)

const WHITE: Colour = [255, 255, 255]
const INK: Colour = [32, 36, 44]
const TRACK: Colour = [222, 226, 232]
const MARK: Colour = [0, 114, 178]

/** Draws the label similarity as digits and as a bar. */
const drawMark = (on: Raster, similarity: number, left: number): void => {
  const top = LAYOUT.margin + LAYOUT.side + LAYOUT.gap
  fill(on, left, top, LAYOUT.side, LAYOUT.bar, TRACK)
  fill(on, left, top, Math.round(LAYOUT.side * similarity), LAYOUT.bar, MARK)
  writeNumber(on, similarity.toFixed(2), left, top + LAYOUT.bar + LAYOUT.gap, LAYOUT.digits, INK)
}

/**
 * Draws the query in a frame, then its results, each with its label similarity below (digits, and a bar that is full at 1) if
 * that is known. All pictures of a strip have the same stretch per channel.
 *
 * @param pictures the query, then the results in the order of `similarities`
 */
export const drawStrip = (pictures: ReadonlyArray<Rgb>, similarities: ReadonlyArray<number | null>): Raster => {
  const { bar, digits, frame, gap, margin, side } = LAYOUT
  const width = leftOf(pictures.length - 1) + side + margin
  const height = margin + side + gap + bar + gap + 5 * digits + margin
  const strip = blank(width, height, WHITE)
  fill(strip, margin - frame, margin - frame, side + 2 * frame, side + 2 * frame, INK)
  const stretches = [0, 1, 2].map((channel) => stretchOf(pictures.map((rgb) => rgb[channel])))
  pictures.forEach((rgb, i) => {
    place(strip, trueColour(rgb, stretches, side), leftOf(i), margin)
    const similarity = i === 0 ? null : similarities[i - 1]
    if (similarity !== null) drawMark(strip, similarity, leftOf(i))
  })
  return strip
}
