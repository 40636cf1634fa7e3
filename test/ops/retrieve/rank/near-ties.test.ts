/** The order where single precision cannot tell images apart. */
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { Embeddings, Ranking } from "../../../../src/ops/elements.ts"
import { readLabels } from "../../../../src/ops/retrieve/embeddings/labels-file.ts"
import { openNpy } from "../../../../src/ops/retrieve/embeddings/sources/npy.ts"
import { readRows } from "../../../../src/ops/retrieve/embeddings/sources/stored-rows.ts"
import { exactSides, gather } from "../../../../src/ops/retrieve/rank/gather.ts"
import { provenError, settle, trustedError } from "../../../../src/ops/retrieve/rank/near-ties.ts"
import { engineProduct, type Product, plainProduct, RankProduct } from "../../../../src/ops/retrieve/rank/product.ts"
import { rank } from "../../../../src/ops/retrieve/rank/rank.ts"
import { emptyBlock } from "../../../../src/ops/retrieve/rank/rank-block.ts"
import { emptyScores } from "../../../../src/ops/retrieve/rank/scores.ts"
import { sorter } from "../../../../src/ops/retrieve/rank/sorting.ts"
import { dba } from "../../../../src/ops/retrieve/rerank/dba.ts"
import { kReciprocal } from "../../../../src/ops/retrieve/rerank/k-reciprocal.ts"
import { qe } from "../../../../src/ops/retrieve/rerank/qe.ts"
import { Threads } from "../../../../src/ops/workers/threads.ts"
import { runs } from "../../../runs.ts"
import { devices, opened } from "../../tensor/with-engine.ts"
import { embeddings } from "../cases.ts"
import { type By, ordered } from "./naive.ts"

const self = { expect: () => {} }
type Params = Partial<Parameters<typeof rank.run>[0]>

const ranked = (batches: ReadonlyArray<Embeddings>, params: Params, product: Product, threads = 1) =>
  Stream.runCollect(
    rank.run(
      { queries: 0.2, seed: 7, block: undefined, by: "cosine", memory: "1GiB", ...params },
      self
    )(Stream.fromIterable(batches) as never) as unknown as Stream.Stream<Ranking, Error>
  ).pipe(Effect.provideService(RankProduct, product), Effect.provideService(Threads, threads))

const orders = (rankings: ReadonlyArray<Ranking>): ReadonlyArray<ReadonlyArray<number>> => {
  const n = rankings[0].gallery.database.length
  return rankings.flatMap(({ from, order, to }) =>
    Array.from({ length: to - from }, (_, row) => [...order.subarray(row * n, (row + 1) * n)])
  )
}

/** A common vector plus differences of as little as its last digits; every fifth image stands twice. */
const alike = fc
  .record({
    n: fc.integer({ min: 10, max: 60 }),
    dim: fc.integer({ min: 1, max: 12 }),
    spread: fc.integer({ min: 8, max: 23 }),
    far: fc.boolean()
  })
  .chain(({ dim, far, n, spread }) =>
    fc.array(fc.integer({ min: -99, max: 99 }), { minLength: n * dim, maxLength: n * dim }).map((steps) => {
      const vectors = Float32Array.from(
        steps,
        (step, i) => (far ? 2 ** ((i % dim) % 4) : 1) * (1 + step * 2 ** -spread)
      )
      for (let image = 5; image < n; image += 5) vectors.copyWithin(image * dim, (image - 3) * dim, (image - 2) * dim)
      return { n, dim, vectors }
    })
  )

describe.each(["plain", ...devices] as const)("rank on %s", (device) => {
  let product: Product = plainProduct
  beforeAll(async () => {
    if (device !== "plain") product = engineProduct(await opened(device))
  })

  it("has the order of double precision, however alike the vectors are", () =>
    fc.assert(
      fc.asyncProperty(
        alike,
        fc.constantFrom<By>("cosine", "dot", "l2"),
        fc.integer({ min: 1, max: 20 }),
        async ({ dim, n, vectors }, by, size) => {
          const all = embeddings(vectors, new Uint8Array(n), dim, 1, size)
          const rankings = await Effect.runPromise(ranked(all, { by, queries: 0.3 }, product))
          const { database, queries } = rankings[0].gallery
          const vector = (image: number) => [...vectors.subarray(image * dim, (image + 1) * dim)]
          const expected = [...queries].map((query) => ordered(by, vector(query), [...database].map(vector)))
          expect(orders(rankings)).toEqual(expected)
          for (const { scores } of rankings) {
            const falls = scores.every((score, at) => at % database.length === 0 || score <= scores[at - 1])
            expect(falls).toBe(true)
          }
        }
      ),
      runs(60)
    ))

  it("gives the order of plain JavaScript in blocks of any size, re-ranked too", async () => {
    const [n, dim] = [260, 24]
    let state = 1
    const vectors = Float32Array.from({ length: n * dim }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      return 1 + state / 2 ** 50
    })
    const all = embeddings(vectors, new Uint8Array(n), dim, 1, 37)
    for (const by of ["cosine", "dot", "l2"] as const) {
      const whole = orders(await Effect.runPromise(ranked(all, { by }, plainProduct)))
      expect(orders(await Effect.runPromise(ranked(all, { by, block: 7, memory: "4MiB" }, product)))).toEqual(whole)
    }
    const again = (run: (given: never) => unknown, with_: Product, block: number) =>
      Effect.runPromise(
        ranked(all, { block }, with_).pipe(
          Effect.flatMap((rankings) =>
            Stream.runCollect(run(Stream.fromIterable(rankings) as never) as Stream.Stream<Ranking, Error>)
          ),
          Effect.provideService(RankProduct, with_),
          Effect.map(orders)
        )
      )
    for (const run of [
      qe.run({ k: 5 }, self),
      dba.run({ k: 4, alpha: 1 }, self),
      kReciprocal.run({ k1: 9, k2: 3, lambda: 0.3 }, self)
    ]) {
      expect(await again(run as never, product, 7)).toEqual(await again(run as never, plainProduct, 100))
    }
  })
})

describe("positions on the globe, in metres from its centre", () => {
  const file = (name: string) => join(import.meta.dirname, "gps", name)
  const matrix = openNpy(file("E.npy"))
  const vectors = readRows(matrix, 0, matrix.rows)
  matrix.bytes.close()
  const { labels, classes } = readLabels(file("L.csv"))
  const all = embeddings(vectors, labels, matrix.columns, classes.length, 100)

  const labelOf = (image: number) => labels.indexOf(1, image * classes.length) - image * classes.length

  // In exact arithmetic; single precision alone gives 0.3184 and 0.2814.
  it.each([
    ["l2", 0.5945],
    ["cosine", 0.5253]
  ] as const)("have the mean average precision of exact arithmetic by %s", async (by, expected) => {
    const product = engineProduct(await opened("wasm"))
    const rankings = await Effect.runPromise(ranked(all, { by, seed: 24 }, product))
    const { database, queries } = rankings[0].gallery
    const precisions = orders(rankings).map((order, row) => {
      const relevant = order.map((at) => labelOf(database[at]) === labelOf(queries[row]))
      const ranks = relevant.flatMap((one, rank) => (one ? [rank] : []))
      return ranks.reduce((sum, rank, found) => sum + (found + 1) / (rank + 1), 0) / ranks.length
    })
    expect(precisions.reduce((sum, one) => sum + one, 0) / precisions.length).toBeCloseTo(expected, 4)
  })

  it("are as hard to tell apart by cosine as a note says", async () => {
    const notes = async (by: By) =>
      (await Effect.runPromise(ranked(all, { by, seed: 24 }, plainProduct)))[0].gallery.notes
    expect(await notes("cosine")).toEqual([
      "Similarities differ by less than single precision can resolve, so the order comes from double precision. Subtract the mean from embeddings that are this similar, or check whether the network has collapsed."
    ])
    expect(await notes("l2")).toBeUndefined()
  })

  it("have that order on several threads too", async () => {
    const alone = await Effect.runPromise(ranked(all, { seed: 24 }, plainProduct))
    const near = exactSides(gather(all, 24, 0.2, "cosine"))
    const n = near.database.at.length
    const values = emptyScores(near.queries.at.length, n, true).fill(1)
    const order = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const sort = yield* sorter(n, 3, near)
          const block = emptyBlock(near.queries.at.length, n, true)
          yield* sort({ values, query: 0, error: provenError(3) }, block, 0)
          return block.order
        })
      )
    )
    expect([...order]).toEqual([...alone[0].order])
  })
})

describe("one row", () => {
  it("stays as it is where nothing is a near tie, and asks for nothing exact", () => {
    const [order, sorted] = [Int32Array.of(2, 0, 1), Float32Array.of(3, 2, 1)]
    settle(order, sorted, 0.4, false, () => {
      throw new Error("asked")
    })
    expect([[...order], [...sorted]]).toEqual([
      [2, 0, 1],
      [3, 2, 1]
    ])
  })
})

describe("the error that scores are trusted to stay below", () => {
  it("is proven for small rankings, measured for large ones, and never above what is proven", () => {
    const proven = provenError(512)
    expect(trustedError(512, 1e-7, 1e6)).toBe(proven)
    expect(trustedError(512, 1e-7, 1e12)).toBe(2e-7 + 2 ** -24)
    expect(trustedError(512, proven, 1e12)).toBe(proven)
  })

  it("is that of an engine that computes in less than single precision", () => {
    expect(trustedError(512, 1e-3, 1e6)).toBe(2e-3)
  })
})
