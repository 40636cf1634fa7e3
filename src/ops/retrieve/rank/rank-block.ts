/** Blocks: scores of some queries, and the database ordered by them. */

import { RetrieveError } from "../retrieve-error.ts"
import { allFinite, descending, type Scratch } from "./order.ts"

/** The database, ordered by its similarity to each query of a block. */
export interface Block {
  /** Database positions, best first: int32 [queries, database]. */
  readonly order: Int32Array
  /** Their similarities: float32 [queries, database]. */
  readonly scores: Float32Array
}

/** Rows of scores as an engine computed them. */
export interface Scored {
  /** float32 [rows, n]. */
  readonly values: Float32Array
  /** Number of the first row's query. */
  readonly query: number
  /** Relative error of the scores, from `trustedError`. */
  readonly error: number
}

/** An empty block of q queries, for `rankInto` to fill. Worker threads can write to it if it is `shared`. */
export const emptyBlock = (q: number, n: number, shared = false): Block => {
  const memory = () => (shared ? new SharedArrayBuffer(4 * q * n) : new ArrayBuffer(4 * q * n))
  return { order: new Int32Array(memory()), scores: new Float32Array(memory()) }
}

/** The error for scores that are infinite or NaN, as inner products of very large values are. */
export const overflow = (): RetrieveError =>
  new RetrieveError({
    subject: "similarities",
    problem: "some are too large for single precision",
    remedy: "Scale the embeddings down, or rank by cosine"
  })

/**
 * Orders the database by the scores of one query, descending, ties by ascending position.
 *
 * @param scores float32 [n]
 * @param block receives the result as its row `row`
 * @throws RetrieveError if a score is not finite
 */
export const rankInto = (block: Block, row: number, scores: Float32Array, memory: Scratch): void => {
  const n = scores.length
  const sorted = block.scores.subarray(row * n, (row + 1) * n)
  descending(scores, block.order.subarray(row * n, (row + 1) * n), sorted, memory)
  if (!allFinite(sorted)) throw overflow()
}
