import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { NonNegative, PositiveInt, param } from "../../../pipeline/param.ts"
import { kept } from "../../../pipeline/step.ts"
import { Ranking } from "../../elements.ts"
import { noting } from "../gallery.ts"
import type { Product } from "../rank/product.ts"
import { productOfRun } from "../rank/rank.ts"
import { rowsOf, type Vectors } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { expandInto } from "./expansion.ts"
import { neighboursOf } from "./neighbours.ts"
import { vectorsOfRanking } from "./ranking-vectors.ts"
import { reorder } from "./reorder.ts"

/** Database vectors with their nearest neighbours added: float32 [n, dim]. */
const augmented = Effect.fnUntraced(function* (database: Vectors, k: number, alpha: number, product: Product) {
  const { count, dim } = database
  const near = yield* neighboursOf(database, k + 1, product)
  const into = new Float32Array(count * dim)
  for (let row = 0; row < count; row++) {
    const others = near.rows.subarray(row * near.k, (row + 1) * near.k).filter((other) => other !== row)
    const neighbours = Array.from(others.subarray(0, k), (other) => database.read(other, other + 1))
    expandInto(database.read(row, row + 1), neighbours, alpha, into, row * dim)
    if (row % 64 === 0) yield* Effect.yieldNow
  }
  return into
})

/**
 * Database-side augmentation (Turcot and Lowe 2009; Arandjelovic and Zisserman, CVPR 2012): each database vector is replaced
 * by its sum with its k nearest neighbours, weighted by their cosine to the power of alpha. Queries are then ranked against
 * these vectors. It needs time quadratic in the size of the database, once for all queries, and a second copy of its vectors.
 */
export const dba = operator({
  name: "dba",
  about: "Re-ranks by database-side augmentation: adds to each database vector its nearest neighbours.",
  from: Ranking,
  to: Ranking,
  params: {
    k: param(PositiveInt, "Number of nearest neighbours added to each vector.", 10),
    alpha: param(NonNegative, "Power of the similarity that weights them; 0 gives equal weights.", 0)
  },
  each: true,
  run:
    ({ alpha, k }, self) =>
    (rankings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const product = yield* productOfRun
          const noted = noting(
            `Re-ranked after adding to each database vector its ${k} nearest neighbours, weighted by similarity to the power of ${alpha} (dba).`
          )
          const known: { of?: unknown; database?: Float32Array } = yield* kept(
            self,
            "database",
            Effect.sync(() => ({}))
          )
          return Stream.mapEffect(
            rankings,
            Effect.fnUntraced(function* (ranking: Ranking) {
              const {
                database: before,
                dim,
                queries
              } = yield* attempt(RetrieveError)(() => vectorsOfRanking(ranking, "dba"))
              const of = ranking.vectors?.database ?? ranking.vectors?.batches
              const database =
                known.of === of && known.database !== undefined
                  ? known.database
                  : yield* augmented(before, k, alpha, product)
              Object.assign(known, { of, database })
              const block = yield* reorder(ranking, product, queries, rowsOf(database, dim))
              const vectors = ranking.vectors === undefined ? undefined : { ...ranking.vectors, database }
              return { ...ranking, ...block, gallery: noted(ranking.gallery), vectors } satisfies Ranking
            })
          )
        })
      )
})
