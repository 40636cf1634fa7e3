import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect } from "vitest"
import type { Compression, Embeddings } from "../../../../src/ops/elements.ts"
import { embeddings } from "../../../../src/ops/retrieve/embeddings/embeddings.ts"
import { compress } from "../../../../src/ops/retrieve/pca/compress.ts"
import { decodePca, readPca } from "../../../../src/ops/retrieve/pca/file.ts"
import { fitPca } from "../../../../src/ops/retrieve/pca/fit-pca.ts"
import { project } from "../../../../src/ops/retrieve/pca/pca.ts"
import { quantise } from "../../../../src/ops/retrieve/quantise/quantise.ts"
import { Run } from "../../../../src/ops/run.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { noise } from "../../tensor/with-engine.ts"
import { embeddings as batches, through } from "../cases.ts"
import { npyBytes } from "../embeddings/npy.ts"
import { expectOrthonormal } from "../orthonormal.ts"

const [ROWS, DIM] = [90, 5]
/** Axis i is i + 1 times as wide as the first, and all have an offset. */
const values = Float32Array.from(noise([ROWS, DIM], 4).data, (value, i) => 3 + value * (1 + (i % DIM)))
const given = batches(values, new Uint8Array(ROWS), DIM, 1, 40)
const self = { expect: () => {} }

const fitting = (stream: ReadonlyArray<Embeddings>, dim: number, to = "pca", rotation: "none" | "itq" = "none") =>
  through<Compression>(stream, fitPca.run({ dim, to, rotation }, self))
const compressed = (stream: ReadonlyArray<Embeddings>, params: object = {}) =>
  through<Embeddings>(stream, compress.run({ from: "pca.safetensors", whiten: true, dim: undefined, ...params }, self))
const labelled = (weights: string) => given.map((batch) => ({ ...batch, weights }))

describe("fit-pca and compress", () => {
  effect("turn components by ITQ: they stay orthonormal, span the same space, and their signs lose less", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const provided = Effect.provideService(Run, fake.run)
      const [said] = yield* fitting(given, 3, "itq", "itq").pipe(provided)
      yield* fitting(given, 3).pipe(provided)
      const [turned, plain] = ["itq", "pca"].map((name) => readPca(join(fake.folder, `${name}.safetensors`)))
      expect(said.explained).toBeCloseTo(plain.variances.reduce((sum, one) => sum + one, 0) / plain.total, 10)
      const dot = (a: Float64Array, i: number, b: Float64Array, j: number) =>
        Array.from({ length: DIM }, (_, c) => a[i * DIM + c] * b[j * DIM + c]).reduce((sum, one) => sum + one, 0)
      const three = [0, 1, 2]
      expectOrthonormal(turned.components, 3, DIM)
      for (const i of three) {
        const within = three.map((j) => dot(turned.components, i, plain.components, j) ** 2)
        expect(within.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 10)
      }
      const loss = (fitted: typeof plain) =>
        project(fitted, values, 3, false).reduce((sum, value) => sum + (Math.abs(value) - 1) ** 2, 0)
      expect(loss(turned)).toBeLessThan(loss(plain))
    })
  )

  effect("give the mean that is subtracted before all values become signs", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const provided = Effect.provideService(Run, fake.run)
      yield* fitting(given, 2).pipe(provided)
      const { mean } = readPca(join(fake.folder, "pca.safetensors"))
      const signs = (to: "binary" | "int8", batches = given) =>
        through<Embeddings>(
          batches,
          quantise.run({ to, from: "pq.safetensors", centre: "pca.safetensors" }, self)
        ).pipe(provided)
      const made = yield* signs("binary")
      expect(made.map(({ dim }) => dim)).toEqual(given.map(() => DIM))
      const expected = values.map((value, at) => Math.fround((value >= mean[at % DIM] ? 1 : -1) / Math.sqrt(DIM)))
      expect(made.flatMap(({ vectors }) => [...vectors])).toEqual([...expected])
      expect((yield* Effect.flip(signs("int8"))).message).toBe(
        "quantise: centre: is given, but `to: int8` takes no signs. Omit it, or set `to: binary`."
      )
      const others = batches(values, new Uint8Array(ROWS / 2), 2 * DIM, 1)
      expect((yield* Effect.flip(signs("binary", others))).message).toContain(
        "pca.safetensors: was fitted on embeddings of 5 dimensions, but these have 10"
      )
    })
  )

  effect("write a file that makes embeddings shorter, whitened and of length 1, by hand too", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const provided = Effect.provideService(Run, fake.run)
      const [said] = yield* fitting(given, 3).pipe(provided)
      const path = join(fake.folder, "pca.safetensors")
      expect(said).toMatchObject({ kind: "compression", path, from: DIM, to: 3, count: ROWS })
      expect(said.explained).toBeGreaterThan(0.6)
      expect(said.explained).toBeLessThan(1)
      expect(fake.wrote).toEqual([path])
      expect(fake.said[0]).toMatch(/^ {2}pca: 3 of 5 dimensions have \d\d\.\d % of the variance of 90 embeddings$/)
      expect(fake.recorded["compressions.pca"]).toMatchObject({ from: DIM, to: 3, count: ROWS })
      const { components, mean, variances } = readPca(path)
      const [first] = yield* compressed(given).pipe(provided)
      expect([first.dim, first.size, first.vectors.length]).toEqual([3, 40, 120])
      for (let n = 0; n < 40; n++) {
        const row = [0, 1, 2].map((k) => {
          let sum = 0
          for (let i = 0; i < DIM; i++) sum += (values[n * DIM + i] - mean[i]) * components[k * DIM + i]
          return sum / Math.sqrt(variances[k])
        })
        const length = Math.hypot(...row)
        row.forEach((value, k) => {
          expect(first.vectors[n * 3 + k]).toBeCloseTo(value / length, 5)
        })
      }
      // The first components alone, and without whitening.
      const [shorter] = yield* compressed(given, { dim: 2, whiten: false }).pipe(provided)
      expect(shorter.dim).toBe(2)
      expect(Math.hypot(shorter.vectors[0], shorter.vectors[1])).toBeCloseTo(1, 6)
    })
  )

  effect("keep what they were fitted on beside the components", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const [npy, csv] = [join(fake.folder, "e.npy"), join(fake.folder, "e.csv")]
      writeFileSync(npy, npyBytes(values, ROWS, DIM))
      writeFileSync(csv, `name,a\n${Array.from({ length: ROWS }, (_, i) => `p${i},0\n`).join("")}`)
      const pipeline = embeddings({ from: npy, labels: csv }).pipe(fitPca({ dim: 2, to: "axes" }))
      yield* Stream.runDrain(toStream(pipeline)).pipe(Effect.provideService(Run, fake.run))
      const { provenance, total, variances } = readPca(join(fake.folder, "axes.safetensors"))
      expect(provenance).toEqual({
        experiment: "trial",
        count: ROWS,
        weights: null,
        pipeline: [{ name: "embeddings", params: { from: npy, labels: csv } }]
      })
      expect(total).toBeGreaterThan(variances[0] + variances[1])
    })
  )

  effect("refuse what they cannot be fitted on", () =>
    Effect.gen(function* () {
      const { run, folder } = yield* fakeRun
      const message = (stream: ReadonlyArray<Embeddings>, dim: number) =>
        Effect.map(Effect.flip(fitting(stream, dim)), (error) => error.message).pipe(Effect.provideService(Run, run))
      expect(yield* message([], 2)).toBe("embeddings: none arrived. Read a split that holds patches.")
      expect(yield* message(given, 6)).toBe("dim: 6: the embeddings have 5 dimensions. Set `dim` to at most 5.")
      expect(yield* message(batches(values.slice(0, 15), new Uint8Array(3), DIM, 1), 3)).toMatch(
        /^dim: 3: 3 embeddings vary along at most 2 axes/
      )
      const flat = values.map((value, i) => (i % DIM < 2 ? value : 1))
      expect(yield* message(batches(flat, new Uint8Array(ROWS), DIM, 1), 3)).toMatch(/vary along only 2 axes/)
      const holed = values.map((value, i) => (i === 7 * DIM ? Number.NaN : value))
      expect(yield* message(batches(holed, new Uint8Array(ROWS), DIM, 1), 2)).toMatch(/^patch-7: .* not finite/)
      const [narrow] = batches(new Float32Array(6), new Uint8Array(2), 3, 1)
      expect(yield* message([...given, narrow], 2)).toMatch(/^patch-0: its embedding has 3 dimensions/)
      const mixed = [labelled("a")[0], labelled("b")[1]]
      expect(yield* message(mixed, 2)).toMatch(/^patch-40: its embedding was made with other weights/)
      expect(readdirSync(folder)).toEqual([])
    })
  )

  effect("refuse embeddings of another length or other weights, and components that are not there", () =>
    Effect.gen(function* () {
      const { run } = yield* fakeRun
      const provided = Effect.provideService(Run, run)
      const message = (stream: ReadonlyArray<Embeddings>, params: object = {}) =>
        Effect.map(Effect.flip(compressed(stream, params)), (error) => error.message).pipe(provided)
      expect(yield* message(given)).toMatch(
        /pca\.safetensors: there is no such file\. Give a file that `fit-pca` wrote/
      )
      yield* fitting(labelled("old"), 3).pipe(provided)
      const [narrow] = batches(new Float32Array(6), new Uint8Array(2), 3, 1)
      expect(yield* message([narrow])).toMatch(/fitted on embeddings of 5 dimensions, but these have 3/)
      expect(yield* message(labelled("new"))).toMatch(
        /fitted on embeddings of other weights \(old\) than these embeddings \(new\)/
      )
      expect(yield* message(given, { dim: 4 })).toMatch(/^dim: 4: .* holds 3 components/)
      expect((yield* compressed(given).pipe(provided)).length).toBe(3)
      expect((yield* compressed(labelled("old")).pipe(provided)).length).toBe(3)
    })
  )

  effect("say of a broken file what it is", () =>
    Effect.gen(function* () {
      const { run, folder } = yield* fakeRun
      yield* fitting(given, 3).pipe(Effect.provideService(Run, run))
      const bytes = readFileSync(join(folder, "pca.safetensors"))
      const whole = decodePca(bytes, "pca")
      fc.assert(
        fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
          const broken = Uint8Array.from(bytes)
          broken[at] ^= flip
          try {
            const { components, mean, variances } = decodePca(broken, "pca")
            expect([mean.length, components.length, variances.length]).toEqual([DIM, 3 * DIM, 3])
            expect([...mean, ...components, ...variances].every(Number.isFinite)).toBe(true)
          } catch (error) {
            expect((error as Error).message).toMatch(/^pca: .+\. .+\.$/)
          }
        }),
        { numRuns: 200 }
      )
      expect(decodePca(bytes, "pca")).toEqual(whole)
    })
  )
})
