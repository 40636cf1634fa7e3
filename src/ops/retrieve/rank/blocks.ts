/** Block sizes with which a ranking stays within a memory budget. */
import { THREAD_BYTES } from "../../workers/threads.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { judgingBytes } from "./judging.ts"
import { asMemory } from "./memory.ts"
import { scratchBytes } from "./order.ts"
import { partsOf, TILES_AT_ONCE } from "./parts.ts"

/**
 * Tiles of the product. They are the same for every budget: the tile of an inner product depends only on the positions of
 * its two vectors, so no division of the work changes a digit, on any engine.
 */
export const ITEM_TILE = 1024
export const QUERY_TILE = 64

/** Queries for which each tile of items is assembled once; a larger number does not make the product faster. */
export const MOST_QUERIES = 2048
/** Largest number of queries per ranking that is passed on. */
const MOST_ROWS = 256

/** Rows of scores that a thread sorts at once, and after which a run can be interrupted. */
export const ROWS_AT_ONCE = 4

/** Numbers of queries that are processed together. */
export interface Blocks {
  /** Queries whose scores are held at once: whole tiles. */
  readonly queries: number
  /** Queries per ranking that is passed on. */
  readonly rows: number
}

const FLOAT = 4
/** Bytes per image of a row in which all images are near ties: positions, exact scores twice, occupied places. */
const NEAR_TIE_BYTES = 4 + 8 + 8 + 4

/** Memory that depends on what a ranking passes on. */
interface Kind {
  /** Bytes per query of a ranking that is passed on. */
  readonly row: (n: number) => number
  /** Bytes of a thread's work on one row. */
  readonly work: (n: number) => number
  /** Bytes of the results that a worker thread has not yet given away. */
  readonly results: (n: number) => number
}

/** Kinds of rankings: whole orders with their scores, or figures alone. */
const KINDS = {
  orders: {
    // Twice, since one block is read while the next is made.
    row: (n) => 2 * n * 2 * FLOAT,
    work: (n) => scratchBytes(n) + NEAR_TIE_BYTES * n,
    results: (n) => ROWS_AT_ONCE * 2 * FLOAT * n
  },
  figures: { row: () => 0, work: judgingBytes, results: () => 0 }
} as const satisfies Readonly<Record<string, Kind>>

/** Bytes that every division needs: tiles here and on the engine, threads, and the memory of the work of each thread. */
const fixedBytes = (n: number, q: number, d: number, threads: number, { results, work }: Kind): number => {
  const items = Math.min(n, ITEM_TILE)
  const queries = Math.min(q, QUERY_TILE)
  const parts = partsOf(d)
  // Vectors in parts are a copy of the items, and a product for each part besides their sum.
  const [copies, products] = parts === 1 ? [2, 2] : [3, TILES_AT_ONCE * (2 + parts)]
  const tiles = FLOAT * (copies * items * d + 2 * queries * d + products * items * queries)
  return tiles + threads * work(n) + (threads === 1 ? 0 : threads * (THREAD_BYTES + results(n)))
}

/** Bytes of each tile of queries: its vectors on the engine, and its scores. */
const tileBytes = (n: number, q: number, d: number): number => FLOAT * Math.min(q, QUERY_TILE) * (d + n)

/**
 * Chooses block sizes.
 *
 * @param budget bytes to use besides the embeddings
 * @param rows queries per ranking, if the user chose a number
 * @param threads number of threads that sort
 * @param kind what is passed on of each ranking
 * @throws RetrieveError if the budget is too small for a single tile
 */
export const blocksFor = (
  n: number,
  q: number,
  d: number,
  budget: number,
  rows: number | undefined,
  threads = 1,
  kind: keyof typeof KINDS = "orders"
): Blocks => {
  const fixed = fixedBytes(n, q, d, threads, KINDS[kind])
  const rowBytes = KINDS[kind].row(n)
  const left = Math.min(budget / 4, budget - fixed - tileBytes(n, q, d))
  const affordable = Math.max(1, Math.min(MOST_ROWS, Math.floor(left / rowBytes)))
  const handed = Math.min(q, rows ?? affordable)
  const least = fixed + handed * rowBytes + tileBytes(n, q, d)
  if (least > budget) {
    throw new RetrieveError({
      subject: `memory: ${asMemory(budget)}`,
      problem: `is too little to rank ${n} images of ${d} dimensions, which needs at least ${asMemory(least)}`,
      remedy: rows === undefined ? "Increase `memory`" : "Increase `memory`, or reduce `block`"
    })
  }
  const tiles = Math.floor((budget - fixed - handed * rowBytes) / tileBytes(n, q, d))
  return { rows: handed, queries: QUERY_TILE * Math.min(tiles, MOST_QUERIES / QUERY_TILE) }
}
