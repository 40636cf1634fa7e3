import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { PositiveInt, Probability, param } from "../../../pipeline/param.ts"
import { type Gallery, Ranking } from "../../elements.ts"
import { noting } from "../gallery.ts"
import { exactInto, type Given, givenRow, givenSquared } from "../rank/exact.ts"
import { settle } from "../rank/near-ties.ts"
import { scratch } from "../rank/order.ts"
import type { Product } from "../rank/product.ts"
import { productOfRun } from "../rank/rank.ts"
import { emptyBlock, rankInto } from "../rank/rank-block.ts"
import { rowsOf, type Vectors } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { type Neighbours, neighboursOf } from "./neighbours.ts"
import { followedBy, type RankingVectors, vectorsOfRanking } from "./ranking-vectors.ts"
import {
  type Encoding,
  encode,
  type Inverted,
  invert,
  jaccardDistances,
  meanEncoding,
  neighboursNeeded,
  relativeDistance
} from "./reciprocal.ts"
import { eachRow, sidesOf } from "./reorder.ts"

/** The part of a block that is kept until all blocks have arrived: its place and its vectors, not its order. */
type Kept = Pick<Ranking, "from" | "to" | "gallery" | "vectors"> & { readonly own: RankingVectors }

interface Knobs {
  readonly k1: number
  readonly k2: number
  readonly lambda: number
}

/** Encodings of all images. Queries are numbered first, then the database. */
interface Encoded {
  readonly near: Neighbours
  /** Encodings of the queries. */
  readonly queries: ReadonlyArray<Encoding>
  /** Encodings of the database, by columns. */
  readonly database: Inverted
}

const ROUNDING = 2 ** -24

const cosinesWith = (given: Given, image: number, others: Int32Array): Float64Array => {
  const into = new Float64Array(others.length)
  const vector = Float64Array.from(givenRow(given, image))
  exactInto("cosine", vector, givenSquared(given, image), given, others, into)
  return into
}

const encodeAll = Effect.fnUntraced(function* (all: Vectors, queries: number, { k1, k2 }: Knobs, product: Product) {
  const near = yield* neighboursOf(all, neighboursNeeded(k1, k2), product)
  const each = Effect.fnUntraced(function* (make: (image: number) => Encoding) {
    const made: Array<Encoding> = []
    for (let image = 0; image < all.count; image++) {
      made.push(make(image))
      if (image % 64 === 0) yield* Effect.yieldNow
    }
    return made
  })
  const own = yield* each((image) => encode(near, image, k1, (others) => cosinesWith(all.given, image, others)))
  const means = k2 === 1 ? own : yield* each((image) => meanEncoding(own, near, image, k2))
  return { near, queries: means.slice(0, queries), database: invert(means.slice(queries)) } satisfies Encoded
})

/** One block ranked by (1 - lambda) Jaccard distance + lambda distance (equation 12). */
const again = Effect.fnUntraced(function* (block: Kept, encoded: Encoded, { lambda }: Knobs, product: Product) {
  const { from, gallery, own, to } = block
  const n = gallery.database.length
  const into = emptyBlock(to - from, n)
  const memory = scratch(n)
  const sides = sidesOf(gallery, from, gallery.queries.length, own.queries, own.database)
  yield* eachRow(sides, product, from, to, (row, cosines, precision) =>
    attempt(RetrieveError)(() => {
      const jaccard = jaccardDistances(encoded.queries[row], encoded.database, n)
      const least = encoded.near.least[row]
      const final = (cosine: number, at: number) =>
        -((1 - lambda) * jaccard[at] + lambda * relativeDistance(cosine, least))
      rankInto(into, row - from, Float32Array.from(cosines, final), memory)
      const part = [(row - from) * n, (row - from + 1) * n] as const
      // The error of the cosine, plus the rounding of a value between -1 and 0.
      const tie = (least < 1 ? (lambda * precision.tie) / (1 - least) : 0) + ROUNDING
      settle(into.order.subarray(...part), into.scores.subarray(...part), tie, false, (positions, values) => {
        if (lambda > 0) precision.exact(positions, values)
        positions.forEach((at, i) => {
          values[i] = final(values[i], at)
        })
      })
    })
  )
  return into
})

/** The queries of all blocks. @throws RetrieveError if they are not exactly the queries of one gallery */
const wholeOf = (kept: ReadonlyArray<Kept>): { readonly queries: Float32Array; readonly dim: number } => {
  const [first] = kept
  const rows = kept.reduce((sum, { from, to }) => sum + to - from, 0)
  const { gallery, own } = first
  if (rows !== gallery.queries.length || kept.some((one) => one.gallery !== gallery)) {
    throw new RetrieveError({
      subject: "k-reciprocal",
      problem: `${rows} queries arrived, but the ranking has ${gallery.queries.length}`,
      remedy: "Place it after `rank`, and do not remove queries in between"
    })
  }
  const queries = new Float32Array(rows * own.dim)
  for (const { from, own: part } of kept) queries.set(part.queries, from * own.dim)
  return { queries, dim: own.dim }
}

/**
 * k-reciprocal encoding (Zhong et al., CVPR 2017; the defaults are the paper's). It uses the vectors of the ranking before it,
 * not its order. It needs the vectors of all queries, so it waits for the last one. As in the paper's evaluation, a query's
 * order depends on the other queries. Time is quadratic in the number of images; memory per image is k1 + k2 k1 weights.
 */
export const kReciprocal = operator({
  name: "k-reciprocal",
  about: "Re-ranks by k-reciprocal encoding: two images are similar if they share near neighbours.",
  from: Ranking,
  to: Ranking,
  params: {
    k1: param(PositiveInt, "Number of nearest neighbours tested for reciprocity.", 20),
    k2: param(PositiveInt, "Number of neighbours over which an encoding is averaged.", 6),
    lambda: param(
      Probability,
      "Weight of the vector distance in the final distance; the rest is the Jaccard distance.",
      0.3
    )
  },
  run: (knobs) => (rankings) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const product = yield* productOfRun
        const { k1, k2, lambda } = knobs
        const noted: (gallery: Gallery) => Gallery = noting(
          `Re-ranked by k-reciprocal encoding (k1 ${k1}, k2 ${k2}, lambda ${lambda}) over queries and database together.`
        )
        const kept = yield* Stream.runCollect(
          Stream.mapEffect(rankings, (ranking) =>
            attempt(RetrieveError)((): Kept => {
              const { from, gallery, to, vectors } = ranking
              return { from, to, gallery, vectors, own: vectorsOfRanking(ranking, "k-reciprocal") }
            })
          )
        )
        if (kept.length === 0) return Stream.empty
        const { dim, queries } = yield* attempt(RetrieveError)(() => wholeOf(kept))
        const all = followedBy(rowsOf(queries, dim), kept[0].own.database)
        const encoded = yield* encodeAll(all, queries.length / dim, knobs, product)
        return Stream.fromIterable(kept).pipe(
          Stream.rechunk(1),
          Stream.mapEffect((block) =>
            Effect.map(again(block, encoded, knobs, product), (order) => {
              const { from, gallery, to, vectors } = block
              return { kind: "ranking", from, to, ...order, gallery: noted(gallery), vectors } satisfies Ranking
            })
          )
        )
      })
    )
})
