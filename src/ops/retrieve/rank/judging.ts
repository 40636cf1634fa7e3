/** Figures of rows of scores, by the part of their order that figures depend on. Used in worker threads, so it does not import Effect. */
import type { Gallery } from "../../elements.ts"
import type { Prepared } from "../../measure/prepare.ts"
import { type Figures, figuresOfJudged } from "../../measure/query-figures.ts"
import { depthOf, verdicts } from "../../measure/verdicts.ts"
import { judge, roomBytes, roomFor } from "./judge.ts"
import { membersOf } from "./members.ts"
import { type ExactSides, exactOf, tieOf } from "./near-ties.ts"
import type { Scored } from "./rank-block.ts"

/** Data of a thread that measures: the plan, and both sides of the ranking to decide near ties. */
export interface Judging {
  readonly prepared: Prepared
  readonly exact: ExactSides
}

/** Data for other threads. They do not need names and facts, which would be most of the data to copy. */
export const forThreads = ({ exact, prepared }: Judging): Judging => {
  const gallery: Gallery = { ...prepared.gallery, names: [], facts: undefined }
  return { exact, prepared: { ...prepared, gallery } }
}

/** Bytes of `judging` for n images, and of its copy of the plan if it is a thread's. */
export const judgingBytes = (n: number): number => roomBytes(n) + JUDGED_BYTES * n

/** Bytes per image: ranks by level and of whole orders, label sets twice and labels, and near ties. */
const JUDGED_BYTES = 4 * 4 + 8 + 24 + 36

/** Makes the function that measures rows of scores, float32 [rows, database]; undefined if a score is not finite. */
export const judging = ({ exact, prepared }: Judging) => {
  const n = prepared.databaseSets.length
  const room = roomFor(n)
  const members = membersOf(prepared.databaseSets, prepared.sets.count)
  const verdictsOf = verdicts(prepared)
  const depth = depthOf(prepared)
  const measured = (query: number, scores: Float32Array, error: number): Figures | undefined => {
    const judged = judge(
      scores,
      {
        members,
        verdicts: verdictsOf(query),
        depth,
        tie: tieOf(exact, query, error),
        squared: exact.by === "l2",
        exact: exactOf(exact, query)
      },
      room
    )
    return judged === undefined ? undefined : figuresOfJudged(prepared, query, judged)
  }
  return ({ error, query, values }: Scored): ReadonlyArray<Figures> | undefined => {
    const figures: Array<Figures> = []
    for (let row = 0; row < values.length / n; row++) {
      const one = measured(query + row, values.subarray(row * n, (row + 1) * n), error)
      if (one === undefined) return undefined
      figures.push(one)
    }
    return figures
  }
}
