/** Sorts rows of scores in a worker thread. It imports no Effect, which would cost each thread a second. */
import type { Work } from "../../workers/thread.ts"
import { type ExactSides, exactOf, settle, tieOf } from "./near-ties.ts"
import { allFinite, descending, scratch } from "./order.ts"

/** Data of a thread: the length of a row and, to decide near ties, both sides of the ranking. */
export interface Sorting {
  readonly n: number
  readonly exact: ExactSides | undefined
}

/** Rows of `n` scores and the arrays that receive their orders, all in memory that threads share. */
export interface Rows {
  readonly scores: Float32Array
  readonly order: Int32Array
  readonly sorted: Float32Array
  /** Number of the first row's query. */
  readonly query: number
  /** Relative error of the scores, from `trustedError`. */
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
