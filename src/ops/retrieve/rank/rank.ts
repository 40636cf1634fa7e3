import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Fraction, optional, PositiveInt, param, Seed } from "../../../pipeline/param.ts"
import { Embeddings, type RankedVectors, Ranking } from "../../elements.ts"
import { Run } from "../../run.ts"
import { engine } from "../../tensor/engine.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { Similarity } from "../similarity.ts"
import { blocksFor } from "./blocks.ts"
import { gather, type Sides } from "./gather.ts"
import { bytesOf, Memory } from "./memory.ts"
import { engineProduct, type Product, RankProduct } from "./product.ts"
import { emptyBlock } from "./rank-block.ts"
import { emptyScores, type Scores, scoresOf } from "./scores.ts"
import { sorter, sortingThreads } from "./sorting.ts"
import { normalisedBatch } from "./vectors.ts"

/** Ranks ranges of queries in ascending order; computes the scores of `atOnce` queries when the first of them is due. */
const ranker = Effect.fnUntraced(function* (
  sides: Sides,
  vectors: RankedVectors,
  product: Product,
  atOnce: number,
  threads: number
) {
  const n = sides.gallery.database.length
  const count = sides.queries.count
  const sort = yield* sorter(n, threads)
  const room = emptyScores(Math.min(count, atOnce), n, threads > 1)
  let scores: Scores = { from: 0, to: 0, values: room }
  return Effect.fnUntraced(function* (from: number, to: number) {
    const block = emptyBlock(to - from, n, threads > 1)
    for (let row = from; row < to; row = scores.to) {
      if (row >= scores.to) {
        const begin = row - (row % atOnce)
        scores = yield* scoresOf(sides, product, begin, Math.min(count, begin + atOnce), room)
      }
      const part = scores.values.subarray((row - scores.from) * n, (Math.min(to, scores.to) - scores.from) * n)
      yield* sort(part, block, row - from)
    }
    return { kind: "ranking", gallery: sides.gallery, from, to, ...block, vectors } satisfies Ranking
  })
})

/** The run's tensor engine, unless another product is given. */
export const productOfRun = Effect.gen(function* () {
  const given = yield* RankProduct
  return given ?? engineProduct(yield* engine)
})

/**
 * Draws queries and ranks the rest of the images for each, best first, ties by database position. Holds the embeddings
 * once, and beside them at most `memory`; neither it nor `block` nor the number of threads changes a digit of the result.
 */
export const rank = operator({
  name: "rank",
  about: "Draws queries and orders all other images by their similarity to each.",
  from: Embeddings,
  to: Ranking,
  params: {
    queries: param(Fraction, "Share of the images that are queries.", 0.2),
    seed: optional(Seed, "Seed of the draw, which is that of numpy's legacy generator; the run's own by default."),
    by: param(Similarity, "Cosine of the angle, inner product, or Euclidean distance.", "cosine"),
    memory: param(Memory, "Memory to use beside the embeddings; changes no result.", "1GiB"),
    block: optional(PositiveInt, "Queries per ranking that is handed on; as many as fit by default.")
  },
  run:
    ({ block, by, memory, queries, seed }, self) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const drawn = seed ?? (yield* Run).seed
          const product = yield* productOfRun
          const batches = yield* Stream.runCollect(
            by === "cosine" ? Stream.map(embeddings, normalisedBatch) : embeddings
          )
          const sides = yield* attempt(RetrieveError)(() => gather(batches, drawn, queries, by))
          const q = sides.queries.count
          const { count: n, dim } = sides.database
          const budget = bytesOf(memory) ?? 0
          const threads = yield* sortingThreads(q, n, budget)
          const blocks = yield* attempt(RetrieveError)(() => blocksFor(n, q, dim, budget, block, threads))
          const rankRange = yield* ranker(sides, { by, dim, batches }, product, blocks.queries, threads)
          const rankings = Math.ceil(q / blocks.rows)
          self.expect(rankings)
          return Stream.range(0, rankings - 1).pipe(
            Stream.rechunk(1),
            Stream.mapEffect((i) => rankRange(i * blocks.rows, Math.min(q, (i + 1) * blocks.rows)))
          )
        })
      )
})
