import { descending, scratch } from "./order.ts"
import type { Product } from "./product.ts"

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
 * Ranks the database for some queries by cosine similarity, descending, ties by ascending position.
 *
 * @param queries L2-normalised, float32 [q, d]
 * @param database L2-normalised, float32 [n, d]
 * @param block gets the q queries as its rows from `row` on
 */
export const rankInto = (
  block: Block,
  row: number,
  product: Product,
  queries: Float32Array,
  database: Float32Array,
  [q, n, d]: readonly [q: number, n: number, d: number]
): void => {
  const similarities = product(queries, database, q, n, d)
  const memory = scratch(n)
  for (let i = 0; i < q; i++) {
    const line = similarities.subarray(i * n, (i + 1) * n)
    const order = block.order.subarray((row + i) * n, (row + i + 1) * n)
    const scores = block.scores.subarray((row + i) * n, (row + i + 1) * n)
    descending(line, order, memory)
    for (let rank = 0; rank < n; rank++) scores[rank] = line[order[rank]]
  }
}

/** `rankInto` for a whole block at once. */
export const rankBlock = (
  product: Product,
  queries: Float32Array,
  database: Float32Array,
  q: number,
  n: number,
  d: number
): Block => {
  const block = emptyBlock(q, n)
  rankInto(block, 0, product, queries, database, [q, n, d])
  return block
}
