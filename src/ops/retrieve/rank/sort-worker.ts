/** Orders rows of scores in a worker thread. Imports no Effect, which would take each thread a second to load. */
import type { Work } from "../../workers/thread.ts"
import { allFinite, descending, scratch } from "./order.ts"

/** Rows of `n` scores and where their orders go, all in memory that threads share. */
export interface Rows {
  readonly scores: Float32Array
  readonly order: Int32Array
  readonly sorted: Float32Array
}

/** @returns whether all scores are finite */
export const work: Work<{ readonly n: number }, Rows, boolean> = ({ n }) => {
  const memory = scratch(n)
  return ({ order, scores, sorted }) => {
    let finite = true
    for (let from = 0; from < scores.length; from += n) {
      const row = sorted.subarray(from, from + n)
      descending(scores.subarray(from, from + n), order.subarray(from, from + n), row, memory)
      finite &&= allFinite(row)
    }
    return { output: finite }
  }
}
