/** Orders rows of scores in a worker thread. Imports no Effect, which each thread would take a second to load. */
import type { Work } from "../../workers/thread.ts"
import { type ExactSides, exactOf, settle, tieOf } from "./near-ties.ts"
import { allFinite, descending, scratch } from "./order.ts"

/** Data of a thread: length of a row, and both sides of the ranking where near ties are to be decided. */
export interface Sorting {
  readonly n: number
  readonly exact: ExactSides | undefined
}

/** Rows of `n` scores and where their orders go, all in memory that threads share. */
export interface Rows {
  readonly scores: Float32Array
  readonly order: Int32Array
  readonly sorted: Float32Array
  /** Number of the first row's query, and relative error of the scores. */
  readonly query: number
  readonly error: number
}

/** @returns whether all scores are finite */
export const work: Work<Sorting, Rows, boolean> = ({ exact, n }) => {
  const memory = scratch(n)
  return ({ error, order, query, scores, sorted }) => {
    for (let row = 0; row < scores.length / n; row++) {
      const part = [row * n, (row + 1) * n] as const
      const [positions, values] = [order.subarray(...part), sorted.subarray(...part)]
      descending(scores.subarray(...part), positions, values, memory)
      if (!allFinite(values)) return { output: false }
      if (exact !== undefined) {
        settle(positions, values, tieOf(exact, query + row, error), exact.by === "l2", exactOf(exact, query + row))
      }
    }
    return { output: true }
  }
}
