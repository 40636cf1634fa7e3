/** A growing list of packed codes, and exact Hamming search in it, on one thread or several. */
import { joined } from "../../joined.ts"
import { distanceOf, type Part, positionOf } from "./nearest.ts"
import { type Job, runner } from "./search-worker.ts"
import { MOST_LANES, mostRows, newSegment, type Segment } from "./segment.ts"
import type { SearchThreads } from "./threads.ts"

/** Rows for which the first segment has room at least. */
const LEAST_ROWS = 1024

interface Filled {
  readonly segment: Segment
  /** Position of its first row. */
  readonly first: number
  rows: number
}

/** The nearest rows of one query, by (distance, position). */
export interface Nearest {
  readonly rows: Int32Array
  /** Number of bits that differ. */
  readonly distances: Int32Array
}

/** Packed codes that can be searched. */
export interface Codes {
  readonly rows: () => number
  /** @param codes uint8 [n, stride] */
  readonly add: (codes: Uint8Array) => void
  /** The codes of all rows, copied: uint8 [rows, stride]. */
  readonly all: () => Uint8Array
  /**
   * @param queries uint8 [queries, stride]
   * @param allowed 1 for each row that may be found; undefined for all
   */
  readonly search: (queries: Uint8Array, k: number, allowed?: Uint8Array) => Promise<ReadonlyArray<Nearest>>
}

/** Merges ascending keys of several threads. */
const merged = (keys: ReadonlyArray<Float64Array>, k: number): Nearest => {
  const best = joined(keys).sort().subarray(0, k)
  return { rows: Int32Array.from(best, positionOf), distances: Int32Array.from(best, distanceOf) }
}

/** The parts of `total` rows that each of `threads` threads searches. */
const shares = (filled: ReadonlyArray<Filled>, threads: number, allowed: Uint8Array | undefined) => {
  const total = filled.reduce((sum, { rows }) => sum + rows, 0)
  return Array.from({ length: threads }, (_, lane) => {
    const [begin, end] = [Math.floor((lane * total) / threads), Math.floor(((lane + 1) * total) / threads)]
    return filled.flatMap(({ first, rows, segment }): ReadonlyArray<Part & { segment: Segment }> => {
      const [from, to] = [Math.max(0, begin - first), Math.min(rows, end - first)]
      return from < to ? [{ segment, first, from, to, lane, allowed }] : []
    })
  })
}

/**
 * An empty list of codes.
 *
 * @param stride bytes per code, from `strideOf`
 * @param threads to search with; by default the calling thread
 */
export const codesOf = (stride: number, threads?: SearchThreads & { readonly size: number }): Codes => {
  const filled: Array<Filled> = []
  const here = runner()
  const rows = () => filled.reduce((sum, one) => sum + one.rows, 0)
  const add = (codes: Uint8Array): void => {
    for (let at = 0; at < codes.length; ) {
      let last = filled.at(-1)
      if (last === undefined || last.rows === last.segment.capacity) {
        const capacity = Math.min(mostRows(stride), Math.max(LEAST_ROWS, rows(), (codes.length - at) / stride))
        last = { segment: newSegment(stride, capacity), first: rows(), rows: 0 }
        filled.push(last)
      }
      const fitting = Math.min(last.segment.capacity - last.rows, (codes.length - at) / stride)
      const room = new Uint8Array(last.segment.memory.buffer, last.rows * stride, fitting * stride)
      room.set(codes.subarray(at, at + fitting * stride))
      last.rows += fitting
      at += fitting * stride
    }
  }
  const all = () => {
    const copy = new Uint8Array(rows() * stride)
    for (const one of filled) {
      copy.set(new Uint8Array(one.segment.memory.buffer, 0, one.rows * stride), one.first * stride)
    }
    return copy
  }
  let before: Promise<unknown> = Promise.resolve()
  const search: Codes["search"] = (queries, k, allowed) => {
    const run = async () => {
      const count = Math.min(threads?.size ?? 1, MOST_LANES)
      // Each thread reserves room for the results of every query.
      const most = Math.min(k, rows())
      const jobs = shares(filled, count, allowed).map((parts): Job => ({ parts, queries, k: most }))
      const answers = threads === undefined ? jobs.map(here) : await threads.run(jobs)
      return Array.from({ length: queries.length / stride }, (_, q) =>
        merged(
          answers.map((one) => one[q] ?? new Float64Array(0)),
          k
        )
      )
    }
    // One search at a time: threads write to fixed places of the shared memory.
    const next = before.then(run)
    before = next.catch(() => undefined)
    return next
  }
  return { rows, add, all, search }
}
