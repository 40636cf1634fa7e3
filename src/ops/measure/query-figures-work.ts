/** Measures queries in a worker thread. It does not import Effect, which would take each thread a second to load. */
import type { Work } from "../workers/thread.ts"
import type { Prepared } from "./prepare.ts"
import { type Figures, figuresOf } from "./query-figures.ts"

/** The orders of the queries [from, from + orders / database), int32 [queries, database]. */
export interface Orders {
  readonly from: number
  readonly orders: Int32Array
}

/** Makes the function that measures some queries. */
export const work: Work<Prepared, Orders, ReadonlyArray<Figures>> = (prepared) => {
  const n = prepared.gallery.database.length
  return ({ from, orders }) => ({
    output: Array.from({ length: orders.length / n }, (_, i) =>
      figuresOf(prepared, from + i, orders.subarray(i * n, (i + 1) * n))
    )
  })
}
