import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Embeddings, Ranking } from "../../../../src/ops/elements.ts"
import { minimise } from "../../../../src/ops/retrieve/probe/lbfgs.ts"
import { linearProbe } from "../../../../src/ops/retrieve/probe/linear-probe.ts"
import { fitted, probabilitiesOf } from "../../../../src/ops/retrieve/probe/logistic.ts"
import { momentsOf, standardised } from "../../../../src/ops/retrieve/probe/standardise.ts"
import { rowsOf } from "../../../../src/ops/retrieve/rank/vectors.ts"
import { Run } from "../../../../src/ops/run.ts"
import { Threads } from "../../../../src/ops/workers/threads.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { source } from "../../../../src/pipeline/operator.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"

const CLASSES = ["sea", "land", "town"]
const [COUNT, DIM] = [60, 5]
const draws = random(3, 0, 0, "probe")
/** Labels follow the signs of three components, with noise; the last component is constant. */
const labels = Uint8Array.from({ length: COUNT * 3 }, () => (draws.next() < 0.5 ? 1 : 0))
const vectors = Float32Array.from({ length: COUNT * DIM }, (_, i) => {
  const [image, k] = [Math.floor(i / DIM), i % DIM]
  if (k === DIM - 1) return 7
  return 100 + 3 * draws.normal() + (k < 3 ? 6 * labels[image * 3 + k] : 0)
})
const names = Array.from({ length: COUNT }, (_, i) => `image${i}`)
/** In two batches, as they are read. */
const batches: ReadonlyArray<Embeddings> = [0, 1].map((half) => ({
  kind: "embeddings",
  ...{ size: COUNT / 2, dim: DIM, classes: CLASSES },
  names: names.slice(half * 30, half * 30 + 30),
  vectors: vectors.subarray(half * 30 * DIM, (half + 1) * 30 * DIM),
  labels: labels.subarray(half * 30 * 3, (half + 1) * 30 * 3)
}))
const queries = Int32Array.from({ length: 20 }, (_, i) => 3 * i)
const database = Int32Array.from({ length: COUNT }, (_, i) => i).filter((i) => !queries.includes(i))
const ranking: Ranking = {
  kind: "ranking",
  ...{ from: 0, to: 20, gallery: { names, classes: CLASSES, labels, queries, database } },
  order: Int32Array.from({ length: 20 * 40 }, (_, i) => i % 40),
  scores: new Float32Array(20 * 40),
  vectors: { by: "cosine", dim: DIM, batches }
}
const given = (one: Ranking) =>
  source({ name: "given", about: "Rankings.", to: Ranking, params: {}, run: () => Stream.make(one) })()

const probed = (one: Ranking, params: Parameters<typeof linearProbe>[0] = {}, threads = 1) =>
  Effect.gen(function* () {
    const fake = yield* fakeRun
    const passed = yield* Stream.runCollect(toStream(given(one).pipe(linearProbe(params)))).pipe(
      Effect.provideService(Run, fake.run),
      Effect.provideService(Threads, threads)
    )
    return { ...fake, passed }
  })
const figuresIn = (folder: string) => JSON.parse(readFileSync(join(folder, "linear-probe.json"), "utf8"))

describe("linear-probe", () => {
  effect("classifies queries by what it learns from the database, and passes rankings on", () =>
    Effect.gen(function* () {
      const { folder, passed, recorded, said } = yield* probed(ranking)
      expect(passed).toEqual([ranking])
      const figures = figuresIn(folder)
      expect(figures).toMatchObject({ images: 20, c: 1, train_images: 40, not_converged: [] })
      expect(figures.mAP).toBeGreaterThan(0.9)
      expect(recorded["linear_probe.linear-probe"]).toEqual(figures)
      expect(said[0]).toBe("Linear probe: logistic regression on 40 images, C = 1")
      expect(said.join("\n")).toMatch(/^town +[01]\./m)
    })
  )

  effect("gives the same figures on one thread and on two, and for scaled and shifted vectors", () =>
    Effect.gen(function* () {
      const { folder: one } = yield* probed(ranking, {}, 1)
      const { folder: two } = yield* probed(ranking, {}, 2)
      expect(readFileSync(join(two, "linear-probe.json"))).toEqual(readFileSync(join(one, "linear-probe.json")))
      const scaled = batches.map((batch) => ({ ...batch, vectors: batch.vectors.map((value) => 4 * value - 64) }))
      const { folder: other } = yield* probed({ ...ranking, vectors: { by: "cosine", dim: DIM, batches: scaled } })
      expect(figuresIn(other).mAP).toBeCloseTo(figuresIn(one).mAP, 6)
    })
  )

  effect("reads nothing where `metrics` does not name it", () =>
    Effect.gen(function* () {
      const { passed, said, wrote } = yield* probed(ranking, { metrics: ["original", "knn"] })
      expect([passed, said, wrote]).toEqual([[], [], []])
      expect((yield* probed(ranking, { metrics: ["original", "linear-probe"] })).wrote).toHaveLength(1)
    })
  )

  effect("refuses images without labels, a search's results, and rankings without vectors", () =>
    Effect.gen(function* () {
      const message = (one: Ranking) =>
        Effect.map(Effect.flip(probed(one)), (fault) => (fault as unknown as Error).message)
      const { gallery } = ranking
      expect(yield* message({ ...ranking, gallery: { ...gallery, classes: [] } })).toMatch(
        /^linear-probe: needs labels of all images\./
      )
      expect(yield* message({ ...ranking, gallery: { ...gallery, partial: true } })).toMatch(
        /^linear-probe: needs a ranking of the whole database\. Put `linear-probe` after `rank`\.$/
      )
      expect(yield* message({ ...ranking, vectors: undefined })).toBe(
        "linear-probe: the rankings that arrive have no vectors. Place it after `rank`."
      )
    })
  )
})

describe("logistic regression", () => {
  /** Gradient of the penalised loss, component by component in a naive way. */
  const gradientAt = (rows: number[][], of: ReadonlyArray<number>, weights: Float64Array, c: number) =>
    Array.from(weights, (_, k) => {
      const sum = rows.reduce((total, row, i) => {
        const score = [...row, 1].reduce((z, x, at) => z + x * weights[at], 0)
        return total + (1 / (1 + Math.exp(-score)) - of[i]) * [...row, 1][k]
      }, 0)
      return c * sum + (k < weights.length - 1 ? weights[k] : 0)
    })

  it("ends where the gradient is zero", () => {
    const value = fc.integer({ min: -8, max: 8 }).map((n) => n / 4)
    const rows = fc.array(fc.tuple(value, value), { minLength: 3, maxLength: 12 })
    fc.assert(
      fc.property(rows, fc.nat(), fc.constantFrom(0.01, 1, 100), (matrix, bits, c) => {
        const of = matrix.map((_, i) => (i === 0 ? 1 : i === 1 ? 0 : (bits >> (i % 30)) & 1))
        const values = Float32Array.from(matrix.flat())
        const { converged, weights } = fitted({ values, rows: matrix.length, dim: 2 }, Uint8Array.from(of), c)
        expect(converged).toBe(true)
        const left = gradientAt(matrix, of, weights as Float64Array, c).map(Math.abs)
        expect(Math.max(...left)).toBeLessThan(1e-6 * Math.max(1, c))
      }),
      { numRuns: 100 }
    )
  })

  it("knows a label that all or no images have", () => {
    const matrix = { values: Float32Array.of(1, 2), rows: 2, dim: 1 }
    const constant = (label: number) => [...probabilitiesOf(matrix, fitted(matrix, Uint8Array.of(label, label), 1))]
    expect([constant(0), constant(1)]).toEqual([
      [0, 0],
      [1, 1]
    ])
  })
})

describe("standardised vectors", () => {
  it("keep a constant component as it is, although its mean is rounded", () => {
    const vectors = rowsOf(
      Float32Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? 0.1 : i)),
      2
    )
    const moments = momentsOf(vectors)
    expect(moments.mean[0]).not.toBe(Math.fround(0.1))
    expect(moments.deviation[0]).toBe(1)
    expect(moments.deviation[1]).toBeCloseTo(577.35, 2)
    expect(standardised(rowsOf(Float32Array.of(0.2, 1000), 2), moments).values[0]).toBeCloseTo(0.1, 6)
  })
})

describe("L-BFGS", () => {
  it("finds the minimum of Rosenbrock's function, and says when it does not", () => {
    const rosenbrock = (x: Float64Array, gradient: Float64Array) => {
      gradient[0] = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
      gradient[1] = 200 * (x[1] - x[0] ** 2)
      return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
    }
    const { converged, x } = minimise(rosenbrock, Float64Array.of(-1.2, 1), { tolerance: 1e-10, most: 200 })
    expect(converged).toBe(true)
    for (const value of x) expect(value).toBeCloseTo(1, 9)
    expect(minimise(rosenbrock, Float64Array.of(-1.2, 1), { tolerance: 1e-10, most: 3 })).toMatchObject({
      iterations: 3,
      converged: false
    })
  })
})
