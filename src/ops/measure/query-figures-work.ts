/** Measures queries in a worker thread. Imports no Effect, which would take each thread a second to load. */
import type { Work } from "../workers/thread.ts"
import type { Prepared } from "./prepare.ts"
import { type Figures, figuresOf } from "./query-figures.ts"

/** The queries [from, from + orders / database): the order of each, int32 [queries, database]. */
export interface Orders {
  readonly from: number
  readonly orders: Int32Array
}

export const work: Work<Prepared, Orders, ReadonlyArray<Figures>> = (prepared) => {
  const n = prepared.gallery.database.length
  return ({ from, orders }) => ({
    output: Array.from({ length: orders.length / n }, (_, i) =>
      figuresOf(prepared, from + i, orders.subarray(i * n, (i + 1) * n))
    )
  })
}
