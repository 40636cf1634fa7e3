/** From scores to the order of the database. */
import { RetrieveError } from "./errors.ts"
import { descending, type Scratch } from "./order.ts"

/** The database in the order of each query of a block. */
export interface Block {
  /** Database positions, best first: int32 [queries, database]. */
  readonly order: Int32Array
  /** Their similarities: float32 [queries, database]. */
  readonly scores: Float32Array
}

/** An empty block of q queries, to be filled by `rankInto`. */
export const emptyBlock = (q: number, n: number): Block => ({
  order: new Int32Array(q * n),
  scores: new Float32Array(q * n)
})

/**
 * Orders the database by the scores of one query, descending, ties by ascending position.
 *
 * @param scores float32 [n]
 * @param block gets the query as its row `row`
 * @throws RetrieveError where a score is not finite: inner products of very large values
 */
export const rankInto = (block: Block, row: number, scores: Float32Array, memory: Scratch): void => {
  const n = scores.length
  const order = block.order.subarray(row * n, (row + 1) * n)
  const sorted = block.scores.subarray(row * n, (row + 1) * n)
  descending(scores, order, sorted, memory)
  // What is not finite is at one of the ends: the order is that of the bits.
  if (n > 0 && Number.isFinite(sorted[0]) && Number.isFinite(sorted[n - 1])) return
  throw new RetrieveError({
    subject: "similarities",
    problem: "some are too large for single precision",
    remedy: "Scale the embeddings down, or rank by cosine"
  })
}
