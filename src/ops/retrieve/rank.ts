import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Fraction, optional, PositiveInt, param, Seed } from "../../pipeline/param.ts"
import { Embeddings, Ranking } from "../elements.ts"
import { Run } from "../run.ts"
import { attempt } from "./errors.ts"
import { gather, type Sides } from "./gather.ts"
import { type Product, RankProduct } from "./product.ts"
import { emptyBlock, rankInto } from "./rank-block.ts"

/** Queries per product: bounds its memory and the time between two chances to stop. */
const AT_ONCE = 16

/** Ranks the queries [from, to). */
const rankRange = Effect.fnUntraced(function* (sides: Sides, product: Product, from: number, to: number) {
  const { database, dim, gallery, queries } = sides
  const n = gallery.database.length
  const block = emptyBlock(to - from, n)
  for (let start = from; start < to; start += AT_ONCE) {
    const end = Math.min(to, start + AT_ONCE)
    const some = queries.subarray(start * dim, end * dim)
    rankInto(block, start - from, product, some, database, [end - start, n, dim])
    yield* Effect.yieldNow
  }
  return { kind: "ranking", gallery, from, to, ...block } satisfies Ranking
})

/**
 * Draws queries and ranks the rest of the images for each, by cosine similarity, descending, ties by database position.
 * Holds all embeddings; gives one ranking per block of queries. The result does not depend on the size of the blocks.
 */
export const rank = operator({
  name: "rank",
  about: "Draws queries and orders all other images by cosine similarity to each.",
  from: Embeddings,
  to: Ranking,
  params: {
    queries: param(Fraction, "Share of the images that are queries.", 0.2),
    seed: optional(Seed, "Seed of the draw, which is that of numpy's legacy generator; the run's own by default."),
    block: param(PositiveInt, "Queries per ranking that is handed on.", 256)
  },
  run:
    ({ block, queries, seed }, self) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const drawn = seed ?? (yield* Run).seed
          const batches = yield* Stream.runCollect(embeddings)
          const sides = yield* attempt(() => gather(batches, drawn, queries))
          const product = yield* RankProduct
          const q = sides.gallery.queries.length
          const blocks = Math.ceil(q / block)
          self.expect(blocks)
          return Stream.range(0, blocks - 1).pipe(
            Stream.rechunk(1),
            Stream.mapEffect((i) => rankRange(sides, product, i * block, Math.min(q, (i + 1) * block)))
          )
        })
      )
})
