/** Measures rows of scores in a worker thread. It imports no Effect, which would cost each thread a second. */
import type { QueryFigures } from "../../elements.ts"
import type { Work } from "../../workers/thread.ts"
import { type Judging, judging } from "./judging.ts"
import type { Scored } from "./rank-block.ts"

/** Its input is in memory that threads share. The output is undefined if a score is not finite. */
export const work: Work<Judging, Scored, ReadonlyArray<QueryFigures> | undefined> = (data) => {
  const measured = judging(data)
  return (rows) => ({ output: measured(rows) })
}
