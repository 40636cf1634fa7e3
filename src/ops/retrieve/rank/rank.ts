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

/** Note on embeddings that are all alike. */
const INDISTINCT =
  "Similarities differ by less than single precision can tell, so the order comes from double precision. Embeddings this alike need their mean subtracted, or come from a network that has collapsed."

/** Ranks ranges of queries in ascending order; computes the scores of `atOnce` queries when the first of them is due. */
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

/** A copy of a batch whose vectors threads can read. */
const inSharedMemory = (batch: Embeddings): Embeddings => {
  const vectors = new Float32Array(new SharedArrayBuffer(batch.vectors.byteLength))
  vectors.set(batch.vectors)
  return { ...batch, vectors }
}

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
