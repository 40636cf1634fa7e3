/**
 * Figures of any part of the queries, and how parts make a whole. The figures of every query are kept and reduced in the
 * order of the queries, so that no division into blocks, runs or machines changes a digit.
 */
import type { Ranking } from "../elements.ts"
import { MeasureError } from "./measure-error.ts"
import type { Prepared } from "./prepare.ts"
import { type Figures, figuresOf } from "./query-figures.ts"

/** Figures by query row (position in `gallery.queries`), rows ascending and each once. */
export interface Tally {
  readonly rows: ReadonlyArray<number>
  readonly figures: ReadonlyArray<Figures>
}

export const emptyTally: Tally = { rows: [], figures: [] }

/** @throws MeasureError where the block is not a full order of the database for each of its queries */
export const checkOrders = ({ gallery }: Prepared, { from, order, to }: Ranking): void => {
  const n = gallery.database.length
  if (order.length !== (to - from) * n) {
    throw new MeasureError({
      subject: `queries ${from} to ${to - 1}`,
      problem: `${order.length} ranks are not ${to - from} orders of ${n} database images`,
      remedy: "Rank the whole database for each query"
    })
  }
}

/** The figures of the queries [from, from + figures.length). */
export const tallyOf = (from: number, figures: ReadonlyArray<Figures>): Tally => ({
  rows: figures.map((_, i) => from + i),
  figures
})

/**
 * Measures a block of queries.
 *
 * @param prepared made of the gallery of this ranking
 * @throws MeasureError where the block is not a full order of the database for each of its queries
 */
export const tally = (prepared: Prepared, ranking: Ranking): Tally => {
  checkOrders(prepared, ranking)
  const n = prepared.gallery.database.length
  const { from, order, to } = ranking
  const figures = Array.from({ length: to - from }, (_, i) =>
    figuresOf(prepared, from + i, order.subarray(i * n, (i + 1) * n))
  )
  return tallyOf(from, figures)
}

/** Joins parts. A query that stands in several, as when a block was measured twice, counts once. */
export const merge = (...parts: ReadonlyArray<Tally>): Tally => {
  const byRow = new Map<number, Figures>()
  for (const part of parts) {
    part.rows.forEach((row, i) => {
      byRow.set(row, part.figures[i])
    })
  }
  const rows = [...byRow.keys()].sort((a, b) => a - b)
  return { rows, figures: rows.map((row) => byRow.get(row) as Figures) }
}
