/** A product quantisation that is fitted in a pipeline, its file, and embeddings that it replaces. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Compression, Embeddings } from "../../../../src/ops/elements.ts"
import { readCodebook } from "../../../../src/ops/retrieve/quantise/codebook-file.ts"
import { fitPq } from "../../../../src/ops/retrieve/quantise/fit-pq.ts"
import { productCodes, productVectors } from "../../../../src/ops/retrieve/quantise/product.ts"
import { quantise } from "../../../../src/ops/retrieve/quantise/quantise.ts"
import { reservoir } from "../../../../src/ops/retrieve/quantise/reservoir.ts"
import { normaliseRows } from "../../../../src/ops/retrieve/unit-length.ts"
import { Run } from "../../../../src/ops/run.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { embeddings, through } from "../cases.ts"

const [ROWS, DIM] = [700, 6]
const values = Float32Array.from({ length: ROWS * DIM }, random(4, 0, 0, "values").normal)
const given = embeddings(values, new Uint8Array(ROWS), DIM, 1, 300)
const self = { expect: () => {} }
const fitting = (batches: ReadonlyArray<Embeddings>, parts: number) =>
  through<Compression>(batches, fitPq.run({ parts, iterations: 10, to: "pq" }, self))
const quantised = (batches: ReadonlyArray<Embeddings>, from = "pq.safetensors") =>
  through<Embeddings>(batches, quantise.run({ to: "pq", from, centre: undefined }, self))

describe("fit-pq and quantise", () => {
  effect("write centres, and replace each embedding by them", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const provided = Effect.provideService(Run, fake.run)
      const [said] = yield* fitting(given, 2).pipe(provided)
      const path = join(fake.folder, "pq.safetensors")
      expect(said).toMatchObject({ kind: "compression", path, from: DIM, to: 2, count: ROWS })
      expect(said.explained).toBeGreaterThan(0.8)
      expect(said.explained).toBeLessThan(1)
      expect(fake.wrote).toEqual([path])
      expect(fake.said[0]).toMatch(/^ {2}pq: 2 bytes keep \d\d\.\d % of the variance of 700 embeddings$/)
      expect(fake.said[1]).toMatch(/^ {2}pq: 700 embeddings are few for 256 centres per part, .* fit on at least 9984$/)
      const book = readCodebook(path)
      expect(book.bounds).toEqual([0, 3, 6])
      const made = yield* quantised(given).pipe(provided)
      const expected = normaliseRows(productVectors(book, productCodes(book, values)), DIM)
      expect(made.flatMap(({ vectors }) => [...vectors])).toEqual([...expected])
      // The same seed fits the same centres.
      const again = yield* fakeRun
      yield* fitting(given, 2).pipe(Effect.provideService(Run, again.run))
      expect(readCodebook(join(again.folder, "pq.safetensors")).centres).toEqual(book.centres)
    })
  )

  effect("refuse embeddings of another kind, files of another kind, and too many parts", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const provided = Effect.provideService(Run, fake.run)
      const message = <A, R>(run: Effect.Effect<A, Error, R>) => Effect.map(Effect.flip(run), (error) => error.message)
      expect(yield* message(quantised(given).pipe(provided))).toMatch(/pq\.safetensors: there is no such file\. Give/)
      expect(yield* message(fitting(given, 7).pipe(provided))).toBe(
        "parts: 7: the embeddings have 6 dimensions. Set `parts` to at most 6."
      )
      expect(yield* message(fitting([], 2).pipe(provided))).toMatch(/^embeddings: none arrived/)
      const mixed = [given[0], { ...given[1], weights: "b".repeat(64) }]
      expect(yield* message(fitting(mixed, 2).pipe(provided))).toMatch(
        /was made with other weights than the embeddings/
      )
      const wrong = { ...given[0], vectors: given[0].vectors.with(7, Number.NaN) }
      expect(yield* message(fitting([wrong], 2).pipe(provided))).toBe(
        "patch-1: the embedding is not finite. Check the weights and the pixels of this patch."
      )
      yield* fitting(
        given.map((batch) => ({ ...batch, weights: "a".repeat(64) })),
        2
      ).pipe(provided)
      expect(yield* message(quantised([mixed[1]]).pipe(provided))).toMatch(/fitted on embeddings of other weights/)
      const wide = embeddings(new Float32Array(8).fill(1), new Uint8Array(1), 8, 1)
      expect(yield* message(quantised(wide).pipe(provided))).toMatch(/of 6 dimensions, but these have 8/)
      writeFileSync(join(fake.folder, "pq.safetensors"), "nothing")
      expect(yield* message(quantised(given).pipe(provided))).toMatch(/cannot be read as a product quantisation/)
    })
  )
})

describe("a sample of what passes", () => {
  it("is all where there is room, else every vector with the same chance", () => {
    const all = reservoir(9, random(1, 0, 0, "test"))
    all.add(Float32Array.of(1, 2, 3, 4), 2)
    expect([...all.sample()]).toEqual([1, 2, 3, 4])
    const times = new Float64Array(20)
    for (let seed = 0; seed < 2000; seed++) {
      const some = reservoir(5, random(seed, 0, 0, "test"))
      for (let i = 0; i < 20; i++) some.add(Float32Array.of(i), 1)
      expect(new Set(some.sample()).size).toBe(5)
      for (const i of some.sample()) times[i]++
    }
    // A quarter of 2,000 each, with a deviation of 19.
    for (const count of times) expect(Math.abs(count - 500)).toBeLessThan(90)
  })
})
