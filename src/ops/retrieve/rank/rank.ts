import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Fraction, optional, PositiveInt, param, Seed } from "../../../pipeline/param.ts"
import { Embeddings, type RankedVectors, Ranking } from "../../elements.ts"
import { Run } from "../../run.ts"
import { engine } from "../../tensor/engine.ts"
import { Threads } from "../../workers/threads.ts"
import { noting } from "../gallery.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { Similarity } from "../similarity.ts"
import { blocksFor } from "./blocks.ts"
import { exactSides, gather, type Sides } from "./gather.ts"
import { bytesOf, Memory } from "./memory.ts"
import { indistinct, trustedError } from "./near-ties.ts"
import { engineProduct, type Product, RankProduct } from "./product.ts"
import { emptyBlock } from "./rank-block.ts"
import { emptyScores, type Scores, scoresOf } from "./scores.ts"
import { sorter, sortingThreads } from "./sorting.ts"

/** Note for embeddings that are all nearly equal. */
const INDISTINCT =
  "Similarities differ by less than single precision can resolve, so the order comes from double precision. Subtract the mean from embeddings that are this similar, or check whether the network has collapsed."

/** Ranks ranges of queries in ascending order. The scores of `atOnce` queries are computed when the first is needed. */
const ranker = Effect.fnUntraced(function* (
  sides: Sides,
  vectors: RankedVectors,
  product: Product,
  atOnce: number,
  threads: number
) {
  const { count: n, dim } = sides.database
  const count = sides.queries.count
  const exact = exactSides(sides)
  const sort = yield* sorter(n, threads, exact)
  const room = emptyScores(Math.min(count, atOnce), n, threads > 1)
  const range = (begin: number) => scoresOf(sides, product, begin, Math.min(count, begin + atOnce), room, exact)
  let scores: Scores = yield* range(0)
  const flat = n > 1 && indistinct(exact, scores.error, room.subarray(0, scores.to * n))
  const gallery = flat ? noting(INDISTINCT)(sides.gallery) : sides.gallery
  return Effect.fnUntraced(function* (from: number, to: number) {
    const block = emptyBlock(to - from, n, threads > 1)
    for (let row = from; row < to; row = scores.to) {
      if (row >= scores.to) {
        scores = yield* range(row - (row % atOnce))
      }
      const values = scores.values.subarray((row - scores.from) * n, (Math.min(to, scores.to) - scores.from) * n)
      const error = trustedError(dim, scores.error, count * n * dim)
      yield* sort({ values, query: row, error }, block, row - from)
    }
    return { kind: "ranking", gallery, from, to, ...block, vectors } satisfies Ranking
  })
})

/** A copy of a batch with its vectors in shared memory, where threads can read them. */
const inSharedMemory = (batch: Embeddings): Embeddings => {
  const vectors = new Float32Array(new SharedArrayBuffer(batch.vectors.byteLength))
  vectors.set(batch.vectors)
  return { ...batch, vectors }
}

/** The product on the run's tensor engine, unless `RankProduct` gives another. */
export const productOfRun = Effect.gen(function* () {
  const given = yield* RankProduct
  return given ?? engineProduct(yield* engine)
})

/**
 * Draws queries and ranks the remaining images for each of them, best first, ties by database position. It holds the
 * embeddings once, and at most `memory` beside them. `memory`, `block` and the number of threads change no digit of the
 * result.
 */
export const rank = operator({
  name: "rank",
  about: "Draws queries and sorts all other images by their similarity to each query.",
  from: Embeddings,
  to: Ranking,
  params: {
    queries: param(Fraction, "Fraction of the images that become queries.", 0.2),
    seed: optional(Seed, "Seed of the draw, which uses numpy's legacy generator; by default the seed of the run."),
    by: param(Similarity, "Cosine of the angle, inner product, or Euclidean distance.", "cosine"),
    memory: param(Memory, "Memory to use besides the embeddings; it changes no result.", "1GiB"),
    block: optional(PositiveInt, "Queries per ranking that is passed on; by default as many as fit.")
  },
  run:
    ({ block, by, memory, queries, seed }, self) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const drawn = seed ?? (yield* Run).seed
          const product = yield* productOfRun
          const several = (yield* Threads) > 1
          const batches = yield* Stream.runCollect(several ? Stream.map(embeddings, inSharedMemory) : embeddings)
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
