/** Rankings that are only measured: the figures of whole orders, to the last digit. */
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { Embeddings, Ranking, Report } from "../../../../src/ops/elements.ts"
import { measure } from "../../../../src/ops/measure/measure.ts"
import { needs } from "../../../../src/ops/measure/metrics/metric.ts"
import { metrics, standardMetrics } from "../../../../src/ops/measure/metrics.ts"
import { prepare } from "../../../../src/ops/measure/prepare.ts"
import { defaultThresholds } from "../../../../src/ops/measure/relevance.ts"
import { exactSides, gather } from "../../../../src/ops/retrieve/rank/gather.ts"
import { measurer } from "../../../../src/ops/retrieve/rank/measuring.ts"
import { engineProduct, type Product, plainProduct, RankProduct } from "../../../../src/ops/retrieve/rank/product.ts"
import { rank } from "../../../../src/ops/retrieve/rank/rank.ts"
import { emptyScores } from "../../../../src/ops/retrieve/rank/scores.ts"
import type { Self, Step } from "../../../../src/pipeline/step.ts"
import { effect } from "../../../effect.ts"
import { runs } from "../../../runs.ts"
import { devices, opened } from "../../tensor/with-engine.ts"
import { embeddings } from "../cases.ts"

const params = {
  ...{ at: [1, 3, 20], precision_at: 10, thresholds: defaultThresholds, metrics: ["original", "standard"] },
  ...{ relations: ["easy", "hard", "jaccard 0.5", "shared 2", "any", "exact"], by: ["class", "labels"] },
  ...{ bootstrap: undefined, per_query: undefined, chunk: undefined, compat: "none" }
}

const ranked = (batches: ReadonlyArray<Embeddings>, given: object, product: Product, after: ReadonlyArray<Step>) => {
  const self: Self = { expect: () => {}, after }
  const stream = rank.run(
    { ...{ queries: 0.3, seed: 7, block: undefined, by: "cosine", memory: "1GiB" }, ...given } as never,
    self
  )(Stream.fromIterable(batches) as never) as unknown as Stream.Stream<Ranking, Error>
  return Stream.runCollect(stream).pipe(Effect.provideService(RankProduct, product))
}

const measured = (rankings: ReadonlyArray<Ranking>, given: object) =>
  Stream.runCollect(
    measure.run({ ...params, ...given } as never, { expect: () => {} })(
      Stream.fromIterable(rankings) as never
    ) as unknown as Stream.Stream<Report, Error>
  )

/** Vectors that differ by as little as their last digits, images that are there twice, and any labels. */
const alike = fc
  .record({
    n: fc.integer({ min: 10, max: 60 }),
    dim: fc.integer({ min: 1, max: 12 }),
    spread: fc.integer({ min: 0, max: 23 })
  })
  .chain(({ dim, n, spread }) =>
    fc.record({
      dim: fc.constant(dim),
      labels: fc.uint8Array({ minLength: 4 * n, maxLength: 4 * n, max: 1 }),
      vectors: fc.array(fc.integer({ min: -99, max: 99 }), { minLength: n * dim, maxLength: n * dim }).map((steps) => {
        const values = Float32Array.from(steps, (step) => 1 + (step + 0.5) * 2 ** -spread)
        for (let image = 5; image < n; image += 5) values.copyWithin(image * dim, (image - 3) * dim, (image - 2) * dim)
        return values
      })
    })
  )

describe.each(["plain", ...devices] as const)("rankings for figures alone on %s", (device) => {
  let product: Product = plainProduct
  beforeAll(async () => {
    if (device !== "plain") product = engineProduct(await opened(device))
  })

  it("give the figures of whole orders, to the last digit", () =>
    fc.assert(
      fc.asyncProperty(
        alike,
        fc.constantFrom("cosine", "dot", "l2"),
        fc.constantFrom(undefined, 1, 7),
        fc.subarray(["original", ...standardMetrics], { minLength: 1 }),
        async ({ dim, labels, vectors }, by, block, chosen) => {
          const all = embeddings(vectors, labels, dim, 4, 13)
          const given = { metrics: chosen }
          const after = [{ name: "measure", params: { ...params, ...given } }]
          const orders = await Effect.runPromise(ranked(all, { by }, product, []))
          const figures = await Effect.runPromise(ranked(all, { by, block }, product, after))
          expect(figures.every(({ order }) => order.length === 0)).toBe(true)
          expect(await Effect.runPromise(measured(figures, given) as never)).toEqual(
            await Effect.runPromise(measured(orders, given) as never)
          )
        }
      ),
      runs(80)
    ))
})

describe("rankings", () => {
  const all = embeddings(
    Float32Array.of(1, 0, 1, 1, 0, 1, 2, 1, 3, 1, 1, 3, 1, 4, 5, 1, 1, 6, 7, 1),
    new Uint8Array(10),
    2,
    1
  )

  effect("hold orders, unless the next step is `measure`", () =>
    Effect.gen(function* () {
      const steps = [{ name: "measure", params }]
      for (const after of [[], [{ name: "strips", params: {} }, ...steps], [{ name: "knn", params: {} }]]) {
        const [{ figures, order }] = yield* ranked(all, {}, plainProduct, after)
        expect([figures, order.length]).toEqual([undefined, 21])
      }
      const [{ figures, order, scores }] = yield* ranked(all, {}, plainProduct, steps)
      expect([figures?.length, order.length, scores.length]).toEqual([3, 0, 0])
    })
  )

  effect("are measured alike by one thread and by three, which refuse what is not finite", () =>
    Effect.gen(function* () {
      const sides = gather(all, 7, 0.3)
      const exact = exactSides(sides)
      const prepared = prepare(sides.gallery, { at: [2], precisionAt: 1, thresholds: defaultThresholds })
      const n = sides.database.count
      const values = emptyScores(3, n, true)
      values.forEach((_, i) => {
        values[i] = ((i * 37) % 11) / 11
      })
      const [alone, three] = [yield* measurer({ prepared, exact }, 1), yield* measurer({ prepared, exact }, 3)]
      const expected = yield* alone({ values, query: 0, error: 1e-7 })
      expect(expected).toHaveLength(3)
      expect(yield* three({ values, query: 0, error: 1e-7 })).toEqual(expected)
      values[n + 2] = Number.POSITIVE_INFINITY
      for (const one of [alone, three]) {
        expect((yield* Effect.flip(one({ values, query: 0, error: 1e-7 }))).message).toMatch(
          /^similarities: some are too/
        )
      }
    })
  )
})

describe("the part of an order that a metric needs", () => {
  it("is the one of its kind", () => {
    for (const { kind, name } of metrics) expect([name, needs[kind]]).not.toContain(undefined)
  })
})
