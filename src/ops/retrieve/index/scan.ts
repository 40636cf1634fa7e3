/** The best rows by scores that a function computes, for indexes that look at every row. */
import { topOf } from "../search/top.ts"
import type { Candidates } from "./coding.ts"

/** Numbers of the rows that may be found: all, or those marked by 1. */
export const allowedRows = (count: number, allowed: Uint8Array | undefined): Int32Array => {
  if (allowed === undefined) return Int32Array.from({ length: count }, (_, row) => row)
  let size = 0
  for (let row = 0; row < count; row++) size += allowed[row]
  const rows = new Int32Array(size)
  for (let row = 0, at = 0; row < count; row++) if (allowed[row] === 1) rows[at++] = row
  return rows
}

/**
 * The k best of some rows, ties by ascending row.
 *
 * @param rows ascending
 * @param scores of these rows, in their order, without NaN
 */
export const bestRows = (rows: Int32Array, scores: Float64Array, k: number): Candidates => {
  const best = topOf(scores, k)
  return { rows: best.map((at) => rows[at]), scores: Float64Array.from(best, (at) => scores[at]) }
}
