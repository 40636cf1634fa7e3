/** How the work of a ranking is divided so that it fits into a budget of memory. */
import { THREAD_BYTES } from "../../workers/threads.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { asMemory } from "./memory.ts"
import { scratchBytes } from "./order.ts"

/**
 * Tiles of the product. They are the same for every budget: each inner product is computed in a tile that depends on the
 * places of its two vectors alone, so that no division of the work changes a digit, on whatever engine.
 */
export const ITEM_TILE = 1024
export const QUERY_TILE = 64

/** Each tile of items is brought together once for so many queries; more do not make the product faster. */
const MOST_QUERIES = 2048
/** Queries per ranking that is handed on. */
const MOST_ROWS = 256

export interface Blocks {
  /** Queries whose scores are held at once: whole tiles. */
  readonly queries: number
  /** Queries per ranking that is handed on. */
  readonly rows: number
}

const FLOAT = 4
/** Bytes per image of a row whose images are all near ties: positions, exact scores twice, places taken. */
const NEAR_TIE_BYTES = 4 + 8 + 8 + 4

/** Bytes per query of a ranking that is handed on, order and scores; twice, for one is read while the next is made. */
const rowBytes = (n: number): number => 2 * n * 2 * FLOAT

/** Bytes that any division needs: tiles here and on the engine, threads, and the memory of a sort in each. */
const fixedBytes = (n: number, q: number, d: number, threads: number): number => {
  const items = Math.min(n, ITEM_TILE)
  const queries = Math.min(q, QUERY_TILE)
  const tiles = FLOAT * (2 * items * d + 2 * queries * d + 2 * items * queries)
  return tiles + threads * (scratchBytes(n) + NEAR_TIE_BYTES * n) + (threads === 1 ? 0 : threads * THREAD_BYTES)
}

/** Bytes of each tile of queries: on the engine, and their scores. */
const tileBytes = (n: number, q: number, d: number): number => FLOAT * Math.min(q, QUERY_TILE) * (d + n)

/**
 * Chooses block sizes.
 *
 * @param budget bytes beside the embeddings
 * @param rows queries per ranking where the user says so
 * @param threads how many sort
 * @throws RetrieveError where the budget does not hold a single tile
 */
export const blocksFor = (
  n: number,
  q: number,
  d: number,
  budget: number,
  rows: number | undefined,
  threads = 1
): Blocks => {
  const fixed = fixedBytes(n, q, d, threads)
  const left = Math.min(budget / 4, budget - fixed - tileBytes(n, q, d))
  const affordable = Math.max(1, Math.min(MOST_ROWS, Math.floor(left / rowBytes(n))))
  const handed = Math.min(q, rows ?? affordable)
  const least = fixed + handed * rowBytes(n) + tileBytes(n, q, d)
  if (least > budget) {
    throw new RetrieveError({
      subject: `memory: ${asMemory(budget)}`,
      problem: `too little to rank ${n} images of ${d} dimensions, which takes at least ${asMemory(least)}`,
      remedy: rows === undefined ? "Give more memory" : "Give more memory, or a smaller block"
    })
  }
  const tiles = Math.floor((budget - fixed - handed * rowBytes(n)) / tileBytes(n, q, d))
  return { rows: handed, queries: QUERY_TILE * Math.min(tiles, MOST_QUERIES / QUERY_TILE) }
}
