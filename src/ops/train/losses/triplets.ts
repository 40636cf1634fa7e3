/** Triplets, the facts about a batch by which miners choose them, and the choice of the best. */
import type { Choose } from "./loss.ts"

/** An anchor with one positive and one negative: rows of the batch. */
export interface Triplet {
  readonly anchor: number
  readonly positive: number
  readonly negative: number
}

/** What a miner sees: distances [anchors, rows], the dimension of embeddings, and draws. */
export interface Mined {
  readonly distances: Float64Array
  readonly rows: number
  readonly dim: number
  readonly choose: Choose
  /** Computes the similarity of labels, from 0 to 1, [anchors, rows]. */
  readonly relevance: () => Float64Array
  /** Distance of any two rows. */
  readonly between: (i: number, j: number) => number
}

/** The item with the largest score; the first of equals. */
export const best = <A>(items: ReadonlyArray<A>, score: (item: A) => number): A =>
  items.reduce((found, item) => (score(item) > score(found) ? item : found), items[0])
