/**
 * Figures of a part of the queries, and merging of parts. The figures of every query are kept and reduced in the order of the
 * queries, so the division into blocks, runs or machines changes no digit.
 */
import type { Ranking } from "../elements.ts"
import { MeasureError } from "./measure-error.ts"
import type { Prepared } from "./prepare.ts"
import { type Figures, figuresOf } from "./query-figures.ts"

/** Figures per query row (position in `gallery.queries`); rows are ascending and unique. */
export interface Tally {
  readonly rows: ReadonlyArray<number>
  readonly figures: ReadonlyArray<Figures>
}

/** A part without queries. */
export const emptyTally: Tally = { rows: [], figures: [] }

/** @throws MeasureError if the block does not order the whole database for each of its queries */
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

/** Collects the figures of the queries [from, from + figures.length). */
export const tallyOf = (from: number, figures: ReadonlyArray<Figures>): Tally => ({
  rows: figures.map((_, i) => from + i),
  figures
})

/**
 * Measures a block of queries.
 *
 * @param prepared made from the gallery of this ranking
 * @throws MeasureError if the block does not order the whole database for each of its queries
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

/** Merges parts. A query in several parts, for example because a block was measured twice, counts once. */
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
