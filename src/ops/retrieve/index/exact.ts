import type { Given } from "../rank/exact.ts"
import { scoredContenders } from "../search/contenders.ts"
import type { Similarity } from "../similarity.ts"
import { squares } from "../unit-length.ts"
import { type Candidates, type Coding, defineIndex, type Setting } from "./coding.ts"
import { allowedRows, bestRows } from "./scan.ts"

/**
 * The k best of some rows by exact similarity in double precision, ties by ascending row.
 *
 * @param rows ascending, int32 [m]
 */
export const exactBest = (
  by: Similarity,
  query: Float32Array,
  given: Given,
  rows: Int32Array,
  k: number
): Candidates => {
  const likely = scoredContenders(by, query, squares(query), given, rows, k)
  return bestRows(likely.rows, likely.scores, k)
}

/** The vectors themselves are the index. */
const codingOf = ({ by, rows: store }: Setting): Coding => ({
  add: () => undefined,
  search: async (queries, k, allowed) => {
    const rows = allowedRows(store.count(), allowed)
    return queries.map((query) => exactBest(by, query, store.given(), rows, k))
  },
  save: async () => ({}),
  bytes: () => 0
})

/** The index `exact`: every vector is compared with the query, in double precision. */
export const exact = defineIndex({
  name: "exact",
  title: "every vector is compared, in double precision",
  source: "definition",
  params: {},
  rerank: () => 1,
  build: async (_, setting) => codingOf(setting),
  load: async (_, setting) => codingOf(setting)
})
