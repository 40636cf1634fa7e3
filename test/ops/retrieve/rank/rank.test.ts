import { Effect, Stream } from "effect"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { Embeddings, Ranking } from "../../../../src/ops/elements.ts"
import { gather } from "../../../../src/ops/retrieve/rank/gather.ts"
import { scratch } from "../../../../src/ops/retrieve/rank/order.ts"
import { engineProduct, type Product, plainProduct, RankProduct } from "../../../../src/ops/retrieve/rank/product.ts"
import { rank } from "../../../../src/ops/retrieve/rank/rank.ts"
import { emptyBlock, rankInto } from "../../../../src/ops/retrieve/rank/rank-block.ts"
import { Run } from "../../../../src/ops/run.ts"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { TensorEngine } from "../../../../src/ops/tensor/engine.ts"
import { effect } from "../../../effect.ts"
import { type ReferenceArray, reference } from "../../../reference.ts"
import { runs } from "../../../runs.ts"
import { fakeRun } from "../../fake-run.ts"
import { devices, opened } from "../../tensor/with-engine.ts"
import { cases, embeddings, embeddingsOf, seed } from "../cases.ts"

const self = { expect: () => {} }
type Params = Partial<Parameters<typeof rank.run>[0]>
const run = (batches: ReadonlyArray<Embeddings>, params: Params = {}, product: Product = plainProduct) =>
  Stream.runCollect(
    rank.run(
      { queries: 0.2, seed, block: 256, by: "cosine", memory: "1GiB", ...params },
      self
    )(Stream.fromIterable(batches) as never) as unknown as Stream.Stream<Ranking, Error>
  ).pipe(Effect.provideService(RankProduct, product))

/** Images with float32 vectors that have a direction, and their labels. */
const images = fc
  .record({ n: fc.integer({ min: 5, max: 40 }), dim: fc.integer({ min: 1, max: 9 }), classes: fc.constant(3) })
  .chain(({ classes, dim, n }) =>
    fc.record({
      n: fc.constant(n),
      dim: fc.constant(dim),
      classes: fc.constant(classes),
      vectors: fc
        .array(fc.integer({ min: -1000, max: 1000 }), { minLength: n * dim, maxLength: n * dim })
        .map((values) => Float32Array.from(values, (v, i) => v / 256 + (i % dim === 0 ? 10 : 0))),
      labels: fc.uint8Array({ minLength: n * classes, maxLength: n * classes, max: 1 })
    })
  )

const joined = (rankings: ReadonlyArray<Ranking>) => ({
  order: rankings.flatMap((one) => [...one.order]),
  scores: rankings.flatMap((one) => [...one.scores])
})

describe("rank, recorded cases", () => {
  for (const { name, one } of cases) {
    effect(`${name}: split and order of every query`, () =>
      Effect.gen(function* () {
        const [ranking, ...more] = yield* run(embeddingsOf(one, 7))
        expect(more).toEqual([])
        expect([...ranking.gallery.queries]).toEqual(one.expect.qr_idx)
        expect([...ranking.gallery.database]).toEqual(one.expect.db_idx)
        expect([...ranking.order]).toEqual(one.expect.ranks.data)
      })
    )
  }
})

describe("rank, the recorded case of the ground truth", () => {
  const { retrieval } = reference<{
    readonly retrieval: Readonly<Record<"vectors" | "labels" | "ranks", ReferenceArray>> & {
      readonly seed: number
      readonly qr_idx: ReadonlyArray<number>
      readonly db_idx: ReadonlyArray<number>
    }
  }>("ben-groundtruth.json")
  effect("has its split and order", () =>
    Effect.gen(function* () {
      const [dim, classes] = [retrieval.vectors.shape[1], retrieval.labels.shape[1]]
      const labels = Uint8Array.from(retrieval.labels.data)
      const all = embeddings(Float32Array.from(retrieval.vectors.data), labels, dim, classes, 33)
      const [{ gallery, order }] = yield* run(all, { seed: retrieval.seed })
      expect([...gallery.queries]).toEqual(retrieval.qr_idx)
      expect([...gallery.database]).toEqual(retrieval.db_idx)
      expect([...order]).toEqual(retrieval.ranks.data)
    })
  )
})

describe("rank", () => {
  it("is the order of cosine similarities as a naive second implementation has them", () =>
    fc.assert(
      fc.asyncProperty(images, async ({ classes, dim, labels, vectors }) => {
        const [{ gallery, order, scores }] = await Effect.runPromise(run(embeddings(vectors, labels, dim, classes)))
        const vector = (image: number) => Array.from(vectors.subarray(image * dim, (image + 1) * dim))
        const cosine = (a: Array<number>, b: Array<number>) =>
          a.reduce((sum, x, k) => sum + x * b[k], 0) / Math.hypot(...a) / Math.hypot(...b)
        const n = gallery.database.length
        gallery.queries.forEach((query, row) => {
          const seen = Array.from(order.subarray(row * n, (row + 1) * n), (at) =>
            cosine(vector(query), vector(gallery.database[at]))
          )
          seen.forEach((similarity, at) => {
            expect(Math.abs(scores[row * n + at] - similarity)).toBeLessThan(1e-6)
            if (at > 0) expect(seen[at - 1] - similarity).toBeGreaterThan(-1e-6)
          })
          expect([...order.subarray(row * n, (row + 1) * n)].sort((a, b) => a - b)).toEqual([...Array(n).keys()])
        })
      }),
      runs(40)
    ))

  it("does not depend on the size of blocks and batches", () =>
    fc.assert(
      fc.asyncProperty(
        images,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async ({ classes, dim, labels, vectors }, block, size) => {
          const whole = await Effect.runPromise(run(embeddings(vectors, labels, dim, classes), { queries: 0.5 }))
          const parts = await Effect.runPromise(
            run(embeddings(vectors, labels, dim, classes, size), { queries: 0.5, block })
          )
          expect(joined(parts)).toEqual(joined(whole))
          expect(parts.map(({ from, to }) => [from, to])).toEqual(
            parts.map((_, i) => [i * block, Math.min(whole[0].to, (i + 1) * block)])
          )
        }
      ),
      runs(40)
    ))

  it("is the same to the bit when all embeddings are scaled by a power of two", () =>
    fc.assert(
      fc.asyncProperty(images, fc.integer({ min: -20, max: 20 }), async (one, power) => {
        const { classes, dim, labels, vectors } = one
        const scaled = vectors.map((v) => v * 2 ** power)
        const a = await Effect.runPromise(run(embeddings(vectors, labels, dim, classes)))
        const b = await Effect.runPromise(run(embeddings(scaled, labels, dim, classes)))
        expect(joined(b)).toEqual(joined(a))
      }),
      runs(40)
    ))

  it("does not change by rotation, but where scores are within 1e-5", () =>
    fc.assert(
      fc.asyncProperty(images, fc.double({ min: -3, max: 3, noNaN: true }), async (one, angle) => {
        const { classes, dim, labels, vectors } = one
        if (dim < 2) return
        const turned = vectors.slice()
        for (let i = 0; i < vectors.length; i += dim) {
          turned[i] = Math.cos(angle) * vectors[i] - Math.sin(angle) * vectors[i + 1]
          turned[i + 1] = Math.sin(angle) * vectors[i] + Math.cos(angle) * vectors[i + 1]
        }
        const [a] = await Effect.runPromise(run(embeddings(vectors, labels, dim, classes)))
        const [b] = await Effect.runPromise(run(embeddings(turned, labels, dim, classes)))
        const n = a.gallery.database.length
        a.order.forEach((item, at) => {
          const from = at - (at % n)
          const score = a.scores[at]
          const near = a.scores.subarray(from, from + n).filter((s) => Math.abs(s - score) <= 1e-5).length
          if (near === 1) expect(b.order[at]).toBe(item)
        })
      }),
      runs(40)
    ))

  it("orders equal vectors by database position", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 5, max: 60 }), async (n) => {
        const same = embeddings(new Float32Array(n * 2).fill(0.3), new Uint8Array(n), 2, 1)
        const [{ order, gallery }] = await Effect.runPromise(run(same))
        const size = gallery.database.length
        expect([...order]).toEqual([...order].map((_, at) => at % size))
      }),
      runs(20)
    ))

  it("follows its items when the database is permuted, but among equal scores", () => {
    const shuffled = fc.integer({ min: 2, max: 30 }).chain((n) =>
      fc.record({
        values: fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3 * n, maxLength: 3 * n }),
        moved: fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n })
      })
    )
    fc.assert(
      fc.property(shuffled, ({ moved, values }) => {
        const n = moved.length
        const query = Float32Array.of(1, 2, 3)
        const vectors = Float32Array.from(values)
        const permuted = Float32Array.from(vectors, (_, i) => vectors[moved[Math.floor(i / 3)] * 3 + (i % 3)])
        const ranked = (items: Float32Array) => {
          const block = emptyBlock(1, n)
          rankInto(block, 0, plainProduct(query, 1, 3).times(items, n), scratch(n))
          return block
        }
        const plain = ranked(vectors)
        const other = ranked(permuted)
        expect([...other.scores]).toEqual([...plain.scores])
        plain.order.forEach((item, at) => {
          const tied = plain.scores.filter((score) => score === plain.scores[at]).length > 1
          if (!tied) expect(moved[other.order[at]]).toBe(item)
        })
      })
    )
  })
})

/** Rows of numbers in [-1, 1), from a linear congruential generator. */
const noise = (length: number): Float32Array => {
  let state = 1
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  })
}

describe.each(devices)("the product on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it.each(cases)("gives the recorded order of $name", async ({ one }) => {
    const [{ order }] = await Effect.runPromise(run(embeddingsOf(one, 11), {}, engineProduct(engine)))
    expect([...order]).toEqual(one.expect.ranks.data)
  })

  it("is that of plain JavaScript within float32, and leaves no tensor behind", () => {
    fc.assert(
      fc.property(
        fc.record({
          n: fc.integer({ min: 1, max: 40 }),
          q: fc.integer({ min: 1, max: 20 }),
          d: fc.integer({ min: 1, max: 70 })
        }),
        ({ d, n, q }) => {
          const before = engine.live()
          const [items, queries] = [noise(n * d), noise(q * d).map((v) => -v)]
          const held = engineProduct(engine)(queries, q, d)
          const found = held.times(items, n)
          held.release()
          expect(engine.live()).toBe(before)
          const expected = plainProduct(queries, q, d).times(items, n)
          expect(found.length).toBe(n * q)
          found.forEach((value, i) => {
            expect(Math.abs(value - expected[i])).toBeLessThan(1e-6 * d)
          })
        }
      ),
      runs(40)
    )
  })

  it("is the same to the last digit for every budget, block and size of batches", async () => {
    // More images than a tile of items, more queries than a tile of queries.
    const [n, d, classes] = [1700, 24, 2]
    const images = (size?: number) => embeddings(noise(n * d), new Uint8Array(n * classes), d, classes, size)
    const product = engineProduct(engine)
    const ranked = (params: Params, size?: number) => Effect.runPromise(run(images(size), params, product))
    const whole = joined(await ranked({ memory: "1GiB" }))
    const budgets: ReadonlyArray<Params> = [
      { memory: "1500KiB", block: undefined },
      { memory: "2 MiB", block: 7 },
      { memory: "5MB", block: undefined },
      { memory: "100MB", block: 1 }
    ]
    for (const params of budgets) {
      const parts = await ranked(params, 333)
      expect(parts.length).toBeGreaterThan(1)
      expect(joined(parts)).toEqual(whole)
    }
  })

  it("is stopped between tiles, and leaves no tensor behind", async () => {
    const before = engine.live()
    const once = engineProduct(engine)
    const stopping: Product = (queries, q, d) => {
      const held = once(queries, q, d)
      return {
        ...held,
        times: () => {
          throw new Error("stopped")
        }
      }
    }
    const exit = await Effect.runPromiseExit(run(embeddings(noise(400), new Uint8Array(200), 2, 1), {}, stopping))
    expect(exit._tag).toBe("Failure")
    expect(engine.live()).toBe(before)
  })
})

describe("rank by another similarity", () => {
  it("is the order of inner products, or of distances", () =>
    fc.assert(
      fc.asyncProperty(images, fc.constantFrom("dot" as const, "l2" as const), async (one, by) => {
        const { classes, dim, labels, vectors } = one
        const [{ gallery, order, scores }] = await Effect.runPromise(
          run(embeddings(vectors, labels, dim, classes, 3), { by })
        )
        const vector = (image: number) => Array.from(vectors.subarray(image * dim, (image + 1) * dim))
        const naive = (a: Array<number>, b: Array<number>) =>
          by === "dot" ? a.reduce((sum, x, k) => sum + x * b[k], 0) : -Math.hypot(...a.map((x, k) => x - b[k]))
        const n = gallery.database.length
        order.forEach((item, at) => {
          const query = vector(gallery.queries[Math.floor(at / n)])
          const expected = naive(query, vector(gallery.database[item]))
          // A distance is the root of a difference of values as large as the squared lengths.
          const square = (value: number) => (by === "l2" ? value * value : value)
          expect(Math.abs(square(scores[at]) - square(expected))).toBeLessThan(2e-6 * (200 + 20 * dim))
          if (at % n > 0) expect(scores[at - 1]).toBeGreaterThanOrEqual(scores[at])
        })
      }),
      runs(60)
    ))

  effect("takes zero vectors, and refuses products that overflow", () =>
    Effect.gen(function* () {
      const zeros = embeddings(new Float32Array(20), new Uint8Array(10), 2, 1)
      const [{ scores }] = yield* run(zeros, { by: "l2" })
      expect(scores.every((score) => score === 0)).toBe(true)
      const same = new Float32Array(20).fill(3e38)
      const apart = same.map((value, i) => (i % 4 < 2 ? value : -value))
      for (const [by, vectors] of [
        ["dot", same],
        ["l2", apart]
      ] as const) {
        expect((yield* Effect.flip(run(embeddings(vectors, new Uint8Array(10), 2, 1), { by }))).message).toBe(
          "similarities: some are too large for single precision. Scale the embeddings down, or rank by cosine."
        )
      }
      // Their distances are 0, however large they are.
      const [near] = yield* run(embeddings(same, new Uint8Array(10), 2, 1), { by: "l2" })
      expect(near.scores.every((score) => score === 0)).toBe(true)
      const nan = embeddings(new Float32Array(20).fill(Number.NaN), new Uint8Array(10), 2, 1)
      expect((yield* Effect.flip(run(nan, { by: "dot" }))).message).toMatch(/the embedding is not finite\. /)
    })
  )
})

describe("rank takes from the run", () => {
  effect("its seed and its engine, where none is given", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const [{ one }] = cases
      const before = yield* run(embeddingsOf(one), { seed: fake.run.seed })
      const drawn = yield* Stream.runCollect(
        rank.run(
          { queries: 0.2, seed: undefined, block: undefined, by: "cosine", memory: "1GiB" },
          self
        )(Stream.fromIterable(embeddingsOf(one)) as never) as unknown as Stream.Stream<
          Ranking,
          Error,
          Run | TensorEngine
        >
      ).pipe(Effect.provideService(Run, fake.run), Effect.provide(TensorEngine.layer("cpu")))
      expect(drawn[0].gallery.queries).toEqual(before[0].gallery.queries)
      expect(drawn[0].order).toEqual(before[0].order)
    })
  )
})

describe("the two sides of a ranking", () => {
  it("keeps the facts of the images, if any are known", () => {
    const plain = { ...embeddings(Float32Array.of(1, 0, 0, 1, 1, 1), new Uint8Array(3), 2, 1)[0] }
    const told = { ...plain, facts: [{ date: "2017" }, {}, {}] }
    expect(gather([plain], 1, 0.4).gallery).not.toHaveProperty("facts")
    expect(gather([plain, told], 1, 0.4).gallery.facts).toEqual([{}, {}, {}, { date: "2017" }, {}, {}])
  })
})

describe("rank refuses", () => {
  const batches = (n: number, dim = 2) => embeddings(new Float32Array(n * dim).fill(1), new Uint8Array(n), dim, 1)
  const message = (given: ReadonlyArray<Embeddings>, params = {}) =>
    Effect.map(Effect.flip(run(given, params)), (error) => error.message)

  effect("vectors without a direction, by name", () =>
    Effect.gen(function* () {
      const [batch] = batches(10)
      const bad = (value: number, ...at: ReadonlyArray<number>) =>
        batch.vectors.map((v, i) => (at.includes(i >> 1) ? value : v))
      expect(yield* message([{ ...batch, vectors: bad(Number.NaN, 3) }])).toBe(
        "patch-3: the embedding is zero or not finite, so it has no direction. Check the weights and the pixels of these patches."
      )
      expect(yield* message([{ ...batch, vectors: bad(0, 1, 2, 5, 7, 9) }])).toMatch(
        /^patch-1, patch-2, patch-5 and 2 more: the embedding is zero or not finite/
      )
      expect(yield* message([{ ...batch, vectors: bad(Number.POSITIVE_INFINITY, 0) }])).toMatch(/^patch-0: /)
    })
  )

  effect("nothing, and too few images for a draw", () =>
    Effect.gen(function* () {
      expect(yield* message([])).toBe("embeddings: none arrived. Read a split that holds patches.")
      expect(yield* message(batches(4))).toBe(
        "queries: a fraction of 0.2 of 4 images leaves 0 queries and 4 database images. Rank more images, or change `queries`."
      )
    })
  )

  effect("batches that do not fit each other", () =>
    Effect.gen(function* () {
      const [batch] = batches(10)
      expect(yield* message([batch, ...batches(10, 3)])).toBe(
        "patch-0: its embedding has 3 dimensions, but the embeddings before it have 2. Embed all patches with one model."
      )
      expect(yield* message([batch, { ...batch, classes: ["other"] }])).toBe(
        "patch-0: its labels use other classes than the patches before it. Read all patches in one nomenclature."
      )
    })
  )

  effect("a budget that holds nothing", () =>
    Effect.gen(function* () {
      expect(yield* message(batches(3000, 64), { memory: "100KiB" })).toMatch(
        /^memory: 100KiB: is too little to rank 2400 images of 64 dimensions, which needs at least \d+MiB\. Increase `memory`, or reduce `block`\.$/
      )
    })
  )

  it("an empty list of batches also in the pure part", () => {
    expect(() => gather([], 1, 0.2)).toThrow("embeddings: none arrived")
  })
})
