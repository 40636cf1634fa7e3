/** The nearest codes of several queries, by (distance, position). Does not use Effect; runs in worker threads. */
import { blockRows, type Scan } from "./segment.ts"

/** Distance and position as one number, which sorts by distance first. */
const ROWS = 2 ** 32

/** Distance of a key. */
export const distanceOf = (key: number): number => Math.floor(key / ROWS)
/** Position of a key. */
export const positionOf = (key: number): number => key % ROWS

/** The k least of the keys that were added. */
export interface Best {
  /** Rows at or above this distance are not among them if they come after all that were added. */
  readonly limit: () => number
  readonly add: (distance: number, row: number) => void
  /** Ascending. */
  readonly keys: () => Float64Array
}

/**
 * Keeps the k least keys in a heap whose root is the largest.
 *
 * @example
 * const best = bestOf(2)
 * for (const [distance, row] of [[3, 0], [1, 1], [3, 2], [0, 3]]) best.add(distance, row)
 * Array.from(best.keys(), positionOf) // => [3, 1]
 */
export const bestOf = (k: number): Best => {
  const heap = new Float64Array(k)
  let size = 0
  const sink = (at: number): void => {
    const item = heap[at]
    let place = at
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      const larger = child + 1 < size && heap[child + 1] > heap[child] ? child + 1 : child
      if (heap[larger] <= item) break
      heap[place] = heap[larger]
      place = larger
    }
    heap[place] = item
  }
  const rise = (at: number): void => {
    const item = heap[at]
    let place = at
    for (let above = (place - 1) >> 1; place > 0 && heap[above] < item; above = (place - 1) >> 1) {
      heap[place] = heap[above]
      place = above
    }
    heap[place] = item
  }
  return {
    limit: () => (k === 0 ? 0 : size < k ? 2 ** 31 - 1 : distanceOf(heap[0])),
    add: (distance, row) => {
      const key = distance * ROWS + row
      if (size < k) {
        heap[size++] = key
        rise(size - 1)
      } else if (size > 0 && key < heap[0]) {
        heap[0] = key
        sink(0)
      }
    },
    keys: () => heap.slice(0, size).sort()
  }
}

/** The rows of a segment that are searched. */
export interface Part {
  readonly from: number
  readonly to: number
  /** Position of the segment's first row. */
  readonly first: number
  /** Number of the thread. */
  readonly lane: number
  /** 1 for each position that may be found, uint8; undefined for all. */
  readonly allowed: Uint8Array | undefined
}

/**
 * Adds the rows of a part to the best rows of each query. Rows must be added in ascending order. They are read in blocks, each
 * for all queries, so that the codes are read from memory once.
 *
 * @param queries uint8 [queries, stride]
 */
export const searchPart = (
  scan: Scan,
  stride: number,
  queries: Uint8Array,
  { allowed, first, from, lane, to }: Part,
  best: ReadonlyArray<Best>
): void => {
  const rows = blockRows(stride)
  for (let begin = from; begin < to; begin += rows) {
    const end = Math.min(begin + rows, to)
    for (let q = 0; q < best.length; q++) {
      const found = scan(begin, end, queries.subarray(q * stride, (q + 1) * stride), best[q].limit(), lane)
      for (let i = 0; i < found.length; i += 2) {
        const position = first + begin + found[i]
        if (allowed === undefined || allowed[position] === 1) best[q].add(found[i + 1], position)
      }
    }
  }
}
