/** Searches a part of the codes in a worker thread. It imports no Effect, which would cost each thread a second. */
import type { Work } from "../../workers/thread.ts"
import { bestOf, type Part, searchPart } from "./nearest.ts"
import { type Scan, type Segment, scanOf } from "./segment.ts"

/** A search of several parts, each of one segment. */
export interface Job {
  readonly parts: ReadonlyArray<Part & { readonly segment: Segment }>
  /** uint8 [queries, stride]. */
  readonly queries: Uint8Array
  readonly k: number
}

/** Runs jobs, and keeps the scan of each segment for the next one. */
export const runner = () => {
  const scans = new Map<number, Scan>()
  return ({ k, parts, queries }: Job): ReadonlyArray<Float64Array> => {
    if (parts.length === 0) return []
    const [{ segment: first }] = parts
    const { stride } = first
    const best = Array.from({ length: queries.length / stride }, () => bestOf(k))
    for (const { segment, ...part } of parts) {
      const scan = scans.get(segment.id) ?? scanOf(segment)
      scans.set(segment.id, scan)
      searchPart(scan, stride, queries, part, best)
    }
    return best.map((one) => one.keys())
  }
}

export const work: Work<undefined, Job, ReadonlyArray<Float64Array>> = () => {
  const run = runner()
  return (job) => ({ output: run(job) })
}
