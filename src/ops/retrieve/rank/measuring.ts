/** Measures many rows of scores without sorting them as a whole, on one thread or several. */
import { Effect } from "effect"
import type { QueryFigures } from "../../elements.ts"
import { workerPool } from "../../workers/pool.ts"
import { ROWS_AT_ONCE } from "./blocks.ts"
import type { Judged } from "./judge-worker.ts"
import { forThreads, type Judging, judging } from "./judging.ts"
import { overflow } from "./rank-block.ts"
import type { Scored } from "./sorting.ts"

const here = (data: Judging) => {
  const measured = judging(data)
  const n = data.prepared.databaseSets.length
  return Effect.fnUntraced(function* ({ error, query, values }: Scored) {
    const figures: Array<QueryFigures> = []
    for (let row = 0; row < values.length / n; row++) {
      const one = measured(query + row, values.subarray(row * n, (row + 1) * n), error)
      if (one === undefined) return yield* overflow()
      figures.push(one)
      if (row % ROWS_AT_ONCE === 0) yield* Effect.yieldNow
    }
    return figures
  })
}

const byThreads = Effect.fnUntraced(function* (data: Judging, threads: number) {
  const module = new URL("./judge-worker.ts", import.meta.url)
  const pool = yield* workerPool<Judged, ReadonlyArray<QueryFigures> | undefined>({
    module,
    size: threads,
    data: forThreads(data)
  })
  const n = data.prepared.databaseSets.length
  return Effect.fnUntraced(function* ({ error, query, values }: Scored) {
    const starts = Array.from({ length: Math.ceil(values.length / n / ROWS_AT_ONCE) }, (_, i) => i * ROWS_AT_ONCE * n)
    const found = yield* Effect.forEach(
      starts,
      (from) => pool.run({ scores: values.subarray(from, from + ROWS_AT_ONCE * n), query: query + from / n, error }),
      { concurrency: threads }
    )
    const figures: Array<QueryFigures> = []
    for (const some of found) {
      if (some === undefined) return yield* overflow()
      figures.push(...some)
    }
    return figures
  })
})

/**
 * A function that measures queries by their scores, float32 [queries, n]. With more than one thread, scores must be in shared
 * memory. It fails if a score is not finite.
 */
export const measurer = (data: Judging, threads: number) =>
  threads === 1 ? Effect.succeed(here(data)) : byThreads(data, threads)
