import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { type Decoded, Fraction, optional, PositiveInt, param, Seed } from "../../../pipeline/param.ts"
import { type Range, whole } from "../../../pipeline/splits.ts"
import type { Self } from "../../../pipeline/step.ts"
import { Embeddings, type QueryFigures, type RankedVectors, Ranking } from "../../elements.ts"
import { plannedNext } from "../../measure/measure.ts"
import { MeasureError } from "../../measure/measure-error.ts"
import { type Prepared, prepare } from "../../measure/prepare.ts"
import { Run } from "../../run.ts"
import { engine } from "../../tensor/engine.ts"
import { Threads } from "../../workers/threads.ts"
import { noting } from "../gallery.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { Similarity } from "../similarity.ts"
import { blocksFor, MOST_QUERIES, QUERY_TILE } from "./blocks.ts"
import { exactSides, gather, type Sides } from "./gather.ts"
import { measurer } from "./measuring.ts"
import { bytesOf, Memory } from "./memory.ts"
import { type ExactSides, indistinct, trustedError } from "./near-ties.ts"
import { engineProduct, type Product, RankProduct } from "./product.ts"
import { emptyBlock, type Scored } from "./rank-block.ts"
import { scoresOf } from "./scores.ts"
import { scoresAhead } from "./scores-ahead.ts"
import { sorter, sortingThreads } from "./sorting.ts"
import { productThreads, threadedProduct } from "./threaded-product.ts"

/** Note for embeddings that are all nearly equal. */
const INDISTINCT =
  "Similarities differ by less than single precision can resolve, so the order comes from double precision. Subtract the mean from embeddings that are this similar, or check whether the network has collapsed."

/** A function that returns the content of a ranking: what `rank` passes on of the queries from `query` on. */
const contentOf = Effect.fnUntraced(function* (exact: ExactSides, threads: number, prepared: Prepared | undefined) {
  const n = exact.database.at.length
  if (prepared !== undefined) {
    const measureSome = yield* measurer({ prepared, exact }, threads)
    return () => {
      const figures: Array<QueryFigures> = []
      const add = (scored: Scored) => Effect.map(measureSome(scored), (some) => void figures.push(...some))
      return { add, content: { order: new Int32Array(0), scores: new Float32Array(0), figures } }
    }
  }
  const sort = yield* sorter(n, threads, exact)
  return (rows: number) => {
    const block = emptyBlock(rows, n)
    let row = 0
    const add = (scored: Scored) => {
      const first = row
      row += scored.values.length / n
      return sort(scored, block, first)
    }
    return { add, content: block }
  }
})

/**
 * Ranks queries; ascending ones fastest. The scores of up to `atOnce` queries are computed when the first of them is due.
 *
 * @param prepared if it is given, rankings hold figures in place of orders
 * @returns a function that ranks the queries [from, to), which belong to a range that ends at `end`
 */
const ranker = Effect.fnUntraced(function* (
  sides: Sides,
  vectors: RankedVectors,
  product: Product,
  atOnce: number,
  threads: number,
  prepared: Prepared | undefined
) {
  const { count: n, dim } = sides.database
  const count = sides.queries.count
  const exact = exactSides(sides)
  const started = yield* contentOf(exact, threads, prepared)
  let { gallery } = sides
  const scoresFrom = yield* scoresAhead({
    atOnce,
    count,
    n,
    shared: threads > 1,
    compute: Effect.fnUntraced(function* (from, to, room) {
      const found = yield* scoresOf(sides, product, from, to, room, exact)
      if (from === 0 && n > 1 && indistinct(exact, found.error, room.subarray(0, found.to * n))) {
        gallery = noting(INDISTINCT)(sides.gallery)
      }
      return found
    })
  })
  return Effect.fnUntraced(function* (from: number, to: number, end: number) {
    const { add, content } = started(to - from)
    for (let row = from; row < to; ) {
      const found = yield* scoresFrom(row, end)
      const next = Math.min(to, found.to)
      const values = found.values.subarray((row - found.from) * n, (next - found.from) * n)
      const error = trustedError(dim, found.error, count * n * dim)
      yield* add({ values, query: row, error })
      row = next
    }
    return { kind: "ranking", gallery, from, to, ...content, vectors } satisfies Ranking
  })
})

/** The plan of the next step, if it measures and the images have labels: rankings then need not hold orders. */
const measuredNext = (self: Self, { gallery }: Sides): Effect.Effect<Prepared | undefined, MeasureError> => {
  const plan = gallery.classes.length === 0 ? undefined : plannedNext(self.after)
  return plan === undefined ? Effect.succeed(undefined) : attempt(MeasureError)(() => prepare(gallery, plan))
}

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

const declared = {
  queries: param(Fraction, "Fraction of the images that become queries.", 0.2),
  seed: optional(Seed, "Seed of the draw, which uses numpy's legacy generator; by default the seed of the run."),
  by: param(Similarity, "Cosine of the angle, inner product, or Euclidean distance.", "cosine"),
  memory: param(Memory, "Memory to use besides the embeddings; it changes no result.", "1GiB"),
  block: optional(PositiveInt, "Queries per ranking that is passed on; by default as many as fit.")
}
type Given = Decoded<typeof declared>

/** The product of one ranking: on WebAssembly a large one is divided among threads. */
const productFor = Effect.fnUntraced(function* (work: number, budget: number) {
  const given = yield* RankProduct
  if (given !== undefined) return given
  const tensors = yield* engine
  const threads = tensors.name === "wasm" ? yield* productThreads(work, budget) : 1
  return threads === 1 ? engineProduct(tensors) : yield* threadedProduct(tensors, threads)
})

/** Queries per range: as many as one pass over the database serves. */
const RANGE = MOST_QUERIES

/** Gathers the embeddings, and draws the queries. */
const opened =
  ({ block, by, memory, queries, seed }: Given, self: Self) =>
  (embeddings: Stream.Stream<Embeddings>) =>
    Effect.gen(function* () {
      const drawn = seed ?? (yield* Run).seed
      const several = (yield* Threads) > 1
      const batches = yield* Stream.runCollect(several ? Stream.map(embeddings, inSharedMemory) : embeddings)
      const sides = yield* attempt(RetrieveError)(() => gather(batches, drawn, queries, by))
      const q = sides.queries.count
      const { count: n, dim } = sides.database
      const budget = bytesOf(memory) ?? 0
      const threads = yield* sortingThreads(q, n, budget)
      const prepared = yield* measuredNext(self, sides)
      const { queries: atOnce, rows } = yield* attempt(RetrieveError)(() =>
        blocksFor(n, q, dim, budget, block, threads, prepared === undefined ? "orders" : "figures")
      )
      const product = yield* productFor(q * n * dim, budget)
      const rankSome = yield* ranker(sides, { by, dim, batches }, product, atOnce, threads, prepared)
      self.expect(Math.ceil(q / rows))
      return {
        count: q,
        size: RANGE,
        multiple: QUERY_TILE,
        make: ({ from, to }: Range) =>
          Stream.range(0, Math.ceil((to - from) / rows) - 1).pipe(
            Stream.rechunk(1),
            Stream.mapEffect((i) => rankSome(from + i * rows, Math.min(to, from + (i + 1) * rows), to))
          )
      }
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
  params: declared,
  ranges: opened,
  run: whole(opened)
})
