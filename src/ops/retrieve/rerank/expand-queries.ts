/** Query expansion, for `qe` and `aqe`. */
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import type { Gallery, Ranking } from "../../elements.ts"
import { noting } from "../gallery.ts"
import { productOfRun } from "../rank/rank.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { expandInto } from "./expansion.ts"
import { vectorsOfRanking } from "./ranking-vectors.ts"
import { reorder } from "./reorder.ts"

/** The queries of a block, each with its `k` best results added: float32 [to - from, dim]. */
const expanded = (ranking: Ranking, k: number, alpha: number, operator: string) => {
  const { database, dim, queries } = vectorsOfRanking(ranking, operator)
  const n = database.count
  const into = new Float32Array(queries.length)
  for (let row = 0; row < queries.length / dim; row++) {
    const best = ranking.order.subarray(row * n, row * n + Math.min(k, n))
    const neighbours = Array.from(best, (at) => database.read(at, at + 1))
    expandInto(queries.subarray(row * dim, (row + 1) * dim), neighbours, alpha, into, row * dim)
  }
  return { database, queries: into }
}

/**
 * Ranks each block again with queries to which their best results were added.
 *
 * @param operator name of the operator, for messages
 * @param note note for reports
 */
export const expandQueries =
  (operator: string, k: number, alpha: number, note: string) => (rankings: Stream.Stream<Ranking>) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const product = yield* productOfRun
        const noted: (gallery: Gallery) => Gallery = noting(note)
        return Stream.mapEffect(
          rankings,
          Effect.fnUntraced(function* (ranking: Ranking) {
            const { database, queries } = yield* attempt(RetrieveError)(() => expanded(ranking, k, alpha, operator))
            const block = yield* reorder(ranking, product, queries, database)
            const vectors = ranking.vectors === undefined ? undefined : { ...ranking.vectors, queries }
            return { ...ranking, ...block, gallery: noted(ranking.gallery), vectors } satisfies Ranking
          })
        )
      })
    )
