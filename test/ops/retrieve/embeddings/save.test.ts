import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import type { Embeddings } from "../../../../src/ops/elements.ts"
import { save } from "../../../../src/ops/retrieve/embeddings/save.ts"
import { Run } from "../../../../src/ops/run.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { embeddings } from "../cases.ts"

/** Reads what NumPy's format description says, with no code of ours. */
const readNpy = (path: string) => {
  const bytes = readFileSync(path)
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0]))
  const length = bytes.readUInt16LE(8)
  expect((10 + length) % 64).toBe(0)
  const header = bytes.subarray(10, 10 + length).toString("latin1")
  expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(\d+, \d+\), \} *\n$/)
  const shape = [...header.matchAll(/\d+/g)].slice(1).map(Number)
  const data = bytes.subarray(10 + length)
  return { shape, values: Float32Array.from({ length: data.length / 4 }, (_, i) => data.readFloatLE(4 * i)) }
}

const vectors = Float32Array.from({ length: 14 }, (_, i) => Math.fround(i / 7))
const labels = Uint8Array.from({ length: 14 }, (_, i) => (i % 3 === 0 ? 1 : 0))
const batches = embeddings(vectors, labels, 2, 2, 3).map(
  (batch): Embeddings => ({ ...batch, classes: ['land, "wild"', "sea"] })
)
const run = (given: Stream.Stream<Embeddings, unknown>, to = "embeddings") =>
  save.run({ to }, { expect: () => {} })(given as never) as unknown as Stream.Stream<Embeddings, Error, Run>

describe("save", () => {
  effect("writes what passed, for numpy and as a table, and hands it on", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const out = yield* Stream.runCollect(run(Stream.fromIterable(batches))).pipe(Effect.provideService(Run, fake.run))
      expect(out).toEqual(batches)
      const npy = join(fake.folder, "embeddings.npy")
      expect(readNpy(npy)).toEqual({ shape: [7, 2], values: vectors })
      const rows = Array.from({ length: 7 }, (_, i) => `patch-${i},${labels[2 * i]},${labels[2 * i + 1]}`)
      expect(readFileSync(join(fake.folder, "embeddings.csv"), "utf8")).toBe(
        `name,"land, ""wild""",sea\n${rows.join("\n")}\n`
      )
      expect(readdirSync(fake.folder).sort()).toEqual(["embeddings.csv", "embeddings.npy"])
      expect(fake.wrote).toEqual([npy, join(fake.folder, "embeddings.csv")])
    })
  )

  effect("writes predicted labels as a second table", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const predicted = batches.map((batch): Embeddings => ({ ...batch, predicted: batch.labels.map((l) => 1 - l) }))
      yield* Stream.runDrain(run(Stream.fromIterable(predicted))).pipe(Effect.provideService(Run, fake.run))
      const table = join(fake.folder, "embeddings.predicted.csv")
      const rows = Array.from({ length: 7 }, (_, i) => `patch-${i},${1 - labels[2 * i]},${1 - labels[2 * i + 1]}`)
      expect(readFileSync(table, "utf8")).toBe(`name,"land, ""wild""",sea\n${rows.join("\n")}\n`)
      expect(fake.wrote).toContain(table)
      // Labels that were predicted for other images do not stay beside new ones.
      yield* Stream.runDrain(run(Stream.fromIterable(batches))).pipe(Effect.provideService(Run, fake.run))
      expect(existsSync(table)).toBe(false)
    })
  )

  effect("leaves what was there, and nothing of its own, where the stream fails or is cut", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const old = join(fake.folder, "embeddings.npy")
      writeFileSync(old, "old")
      const failing = Stream.concat(Stream.fromIterable(batches), Stream.fail("broken"))
      const provided = Effect.provideService(Run, fake.run)
      expect(yield* Effect.flip(Stream.runDrain(run(failing)).pipe(provided))).toBe("broken")
      yield* Stream.runDrain(Stream.take(run(Stream.fromIterable(batches)), 1)).pipe(provided)
      expect(readdirSync(fake.folder)).toEqual(["embeddings.npy"])
      expect(readFileSync(old, "utf8")).toBe("old")
      expect(fake.wrote).toEqual([])
    })
  )

  effect("refuses batches that do not fit, and a place where it cannot write", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const provided = Effect.provideService(Run, fake.run)
      const [wider] = embeddings(new Float32Array(6), new Uint8Array(4), 3, 2)
      const misfit = yield* Effect.flip(Stream.runDrain(run(Stream.make(batches[0], wider))).pipe(provided))
      expect(misfit.message).toBe(
        "patch-0: its embedding has 3 dimensions and 2 classes, but the embeddings before it have 2 and 2, or other class names. Embed all patches with one model and one nomenclature."
      )
      writeFileSync(join(fake.folder, "file"), "")
      const nowhere = { ...fake.run, folder: join(fake.folder, "file") }
      const error = yield* Effect.flip(
        Stream.runDrain(run(Stream.fromIterable(batches))).pipe(Effect.provideService(Run, nowhere))
      )
      expect(error.message).toMatch(/file\/embeddings: cannot be written \(.+\)\. Free disk space/)
      expect(existsSync(join(fake.folder, "embeddings.npy"))).toBe(false)
    })
  )
})
