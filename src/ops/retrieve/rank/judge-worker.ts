/** Measures rows of scores in a worker thread. It imports no Effect, which would cost each thread a second. */
import type { QueryFigures } from "../../elements.ts"
import type { Work } from "../../workers/thread.ts"
import { type Judging, judging } from "./judging.ts"

/** Rows of scores, in memory that threads share. */
export interface Judged {
  readonly scores: Float32Array
  /** Number of the first row's query. */
  readonly query: number
  /** Relative error of the scores, from `trustedError`. */
  readonly error: number
}

/** @returns undefined if a score is not finite */
export const work: Work<Judging, Judged, ReadonlyArray<QueryFigures> | undefined> = (data) => {
  const measured = judging(data)
  const n = data.prepared.databaseSets.length
  return ({ error, query, scores }) => {
    const figures: Array<QueryFigures> = []
    for (let row = 0; row < scores.length / n; row++) {
      const one = measured(query + row, scores.subarray(row * n, (row + 1) * n), error)
      if (one === undefined) return { output: undefined }
      figures.push(one)
    }
    return { output: figures }
  }
}
