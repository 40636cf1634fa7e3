/** Measures many rows of scores without sorting them as a whole, on one thread or several. */
import { Effect } from "effect"
import type { QueryFigures } from "../../elements.ts"
import { workerPool } from "../../workers/pool.ts"
import { ROWS_AT_ONCE } from "./blocks.ts"
import { forThreads, type Judging, judging } from "./judging.ts"
import { overflow, type Scored } from "./rank-block.ts"

/** Measures some rows on this thread. */
const here = (data: Judging) => {
  const measured = judging(data)
  return (rows: Scored) => Effect.andThen(Effect.yieldNow, () => Effect.sync(() => measured(rows)))
}

/** Measures some rows on one of several threads. */
const byThreads = (data: Judging, threads: number) =>
  Effect.map(
    workerPool<Scored, ReadonlyArray<QueryFigures> | undefined>({
      module: new URL("./judge-worker.ts", import.meta.url),
      size: threads,
      data: forThreads(data)
    }),
    ({ run }) => run
  )

/**
 * A function that measures queries by their scores, float32 [queries, n]. With more than one thread, scores must be in shared
 * memory. It fails if a score is not finite.
 */
export const measurer = Effect.fnUntraced(function* (data: Judging, threads: number) {
  const measured = threads === 1 ? here(data) : yield* byThreads(data, threads)
  const n = data.prepared.databaseSets.length
  return Effect.fnUntraced(function* ({ error, query, values }: Scored) {
    const starts = Array.from({ length: Math.ceil(values.length / n / ROWS_AT_ONCE) }, (_, i) => i * ROWS_AT_ONCE * n)
    const found = yield* Effect.forEach(
      starts,
      (from) => measured({ values: values.subarray(from, from + ROWS_AT_ONCE * n), query: query + from / n, error }),
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
