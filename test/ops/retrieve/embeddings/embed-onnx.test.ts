import { rmSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import type { Batch } from "../../../../src/ops/elements.ts"
import type { OnnxArray } from "../../../../src/ops/onnx/array.ts"
import { networkFingerprint } from "../../../../src/ops/onnx/encode.ts"
import { knownNetwork, type OnnxFacts } from "../../../../src/ops/onnx/params.ts"
import { openSession, runtimeInstalled } from "../../../../src/ops/onnx/runtime.ts"
import { embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { embedOnnx } from "../../../../src/ops/retrieve/embeddings/embed-onnx.ts"
import { Run } from "../../../../src/ops/run.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { expected, imageBatches, networkFile } from "../../onnx/networks.ts"

const embedded = (
  name: string,
  batches: ReadonlyArray<Batch>,
  facts: OnnxFacts = {},
  policy: "fail" | "skip" = "fail"
) =>
  Effect.gen(function* () {
    const { run } = yield* fakeRun
    const params = { file: networkFile(name), ...facts }
    const stream = Stream.unwrap(embedOnnx(Stream.fromIterable(batches), params, policy, { expect: () => {} }))
    return yield* Effect.provideService(Stream.runCollect(stream), Run, run)
  })

/** Largest difference of vectors from those that ONNX Runtime gives in Python. */
const gap = (found: ReadonlyArray<{ readonly vectors: Float32Array }>, rows: ReadonlyArray<ReadonlyArray<number>>) => {
  const values = found.flatMap(({ vectors }) => [...vectors])
  expect(values).toHaveLength(rows.flat().length)
  return Math.max(...rows.flat().map((value, i) => Math.abs(value - values[i])))
}

describe.skipIf(!runtimeInstalled())("embedding by ONNX Runtime (onnxruntime-node)", () => {
  const cases: ReadonlyArray<readonly [why: string, file: string, key: string, white: number, facts: OnnxFacts]> = [
    ["scaled by the file's own constants", "vectors", "vectors", 1, {}],
    ["a map, by its mean", "map", "map", 1, { pooling: "mean" }],
    ["a map with weights in another file", "external", "map", 1, { pooling: "mean" }],
    ["half precision, two images at a time", "half", "half", 1, {}],
    ["bytes, channels last", "bytes", "bytes", 255, {}],
    ["bytes of values from 0 to 1", "bytes", "bytes", 1, { range: [0, 1] }],
    ["the first token", "tokens", "cls", 255, { output: "hidden", pooling: "cls" }],
    [
      "the mean of tokens behind the first",
      "tokens",
      "mean",
      255,
      { output: "hidden", pooling: "mean", prefix_tokens: 1 }
    ],
    ["one of two outputs", "tokens", "pooled", 255, { output: "pooled" }],
    ["one time step", "time", "time", 1, {}],
    ["other values, scaled by `range`", "time", "time", 255, { range: [0, 255] }]
  ]
  for (const [why, file, key, white, facts] of cases) {
    effect(`gives the numbers of ONNX Runtime in Python: ${why}`, () =>
      Effect.gen(function* () {
        // The batch of three, and again in two batches.
        const found = yield* embedded(file, [...imageBatches(white, [3]), ...imageBatches(white, [2, 1])], facts)
        expect(gap(found, [...expected[key], ...expected[key]])).toBeLessThan(1e-5)
      })
    )
  }

  effect("gives the numbers of ONNX Runtime in Python: int8, whose scale depends on the batch", () =>
    Effect.gen(function* () {
      expect(gap(yield* embedded("int8", imageBatches(1, [3])), expected.int8)).toBeLessThan(1e-5)
    })
  )

  effect("keeps names and labels, and says how the vectors were made", () =>
    Effect.gen(function* () {
      const [first, second] = yield* embedded("vectors", imageBatches(1, [2, 1]))
      expect([first.names, second.names]).toEqual([["image0", "image1"], ["image2"]])
      expect(first.origin).toMatchObject({ bands: ["Red", "Green", "Blue"], height: 8, width: 8 })
      expect(first.origin?.normalisation).toBe("unknown; mean 0.485, 0.456, 0.406; std 0.229, 0.224, 0.225")
      const print = (facts: OnnxFacts) => networkFingerprint(knownNetwork({ file: networkFile("tokens"), ...facts }))
      const prints = [
        yield* print({ output: "pooled" }),
        yield* print({ output: "hidden", pooling: "cls" }),
        yield* print({ output: "hidden", pooling: "mean" })
      ]
      expect(new Set(prints).size).toBe(3)
    })
  )

  effect("sets patches with missing pixels aside", () =>
    Effect.gen(function* () {
      const [batch] = imageBatches(1, [3])
      batch.images[5] = Number.NaN
      const [found] = yield* embedded("vectors", [batch], {}, "skip")
      expect(found.names).toEqual(["image1", "image2"])
    })
  )

  effect("says what is wrong: bytes of pictures from 0 to 1, values beyond bytes, a damaged file", () =>
    Effect.gen(function* () {
      const message = (...given: Parameters<typeof embedded>) =>
        Effect.map(Effect.flip(embedded(...given)), (e) => e.message)
      expect(yield* message("bytes", imageBatches(1, [3]))).toContain(
        "takes whole numbers from 0 to 255, but the values of the first images are at most 1. Set `range: [0, 1]`"
      )
      expect(yield* message("bytes", imageBatches(3000, [3]))).toContain(
        "but the network takes whole numbers from 0 to 255"
      )
      expect(yield* message("map", imageBatches(1, [3]))).toContain("set `pooling: mean`")
      const { folder, run } = yield* fakeRun
      const lone = join(folder, "lone.onnx")
      symlinkSync(networkFile("external"), lone)
      const stream = Stream.unwrap(
        embedOnnx(Stream.fromIterable(imageBatches(1, [3])), { file: lone, pooling: "mean" }, "fail", {
          expect: () => {}
        })
      )
      const fault = yield* Effect.flip(Effect.provideService(Stream.runDrain(stream), Run, run))
      expect(fault.message).toMatch(/external\.bin|cannot load/)
      rmSync(lone)
    })
  )

  effect("runs a network on any arrays, in order", () =>
    Effect.gen(function* () {
      const session = yield* Effect.promise(() => openSession(networkFile("two"), { provider: "cpu", threads: 1 }))
      const run = (feeds: Readonly<Record<string, OnnxArray>>, outputs: ReadonlyArray<string>) =>
        Effect.tryPromise({ try: () => session.run(feeds, outputs), catch: (cause) => cause as Error })
      const x = () => Float32Array.from({ length: 192 }, (_, i) => i)
      const product = (scale: number) =>
        run(
          {
            x: { type: "float32", dims: [1, 3, 8, 8], data: x() },
            scale: { type: "float32", dims: [1], data: Float32Array.of(scale) }
          },
          ["y"]
        )
      const found = yield* Effect.forEach([2, 3], product, { concurrency: 2 })
      expect(found.map(({ y }) => [...y.data].slice(0, 3).map(Number))).toEqual([
        [0, 2, 4],
        [0, 3, 6]
      ])
      const fault = yield* Effect.flip(run({}, ["y"]))
      expect(fault.message).toContain("two.onnx: ONNX Runtime cannot run it (")
    })
  )
})

describe("embed", () => {
  it("takes one network, and no parameter of the other kind", () => {
    const model = { backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 2 } as const
    expect(() => embed({ weights: "initial" })).toThrow(
      "embed.model: is missing: `weights: initial` are those of a network"
    )
    expect(() => embed({ model, onnx: "a.onnx" })).toThrow("embed.onnx: is given beside `model`; remove one of them")
    expect(() => embed({ onnx: "a.onnx", weights: "best" })).toThrow("belongs to `model`, but `onnx` is given")
    expect(() => embed({ onnx: { file: "a.onnx", poling: "cls" } as never })).toThrow(
      "a mapping of file and, if wanted"
    )
  })
})
