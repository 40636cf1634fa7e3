import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { drawnWeights, makeModel } from "../../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../../src/ops/model/params.ts"
import { exportWeights } from "../../../../src/ops/model/weights/export.ts"
import { fingerprint } from "../../../../src/ops/model/weights/fingerprint.ts"
import { architectureOf } from "../../../../src/ops/model/weights/manifest.ts"
import { describeWeights, openNetwork } from "../../../../src/ops/model/weights/network-file.ts"
import { embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { checkpoint } from "../../../../src/ops/train/checkpoint.ts"
import { optimise } from "../../../../src/ops/train/optimise.ts"
import { drain, toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { opened } from "../../tensor/with-engine.ts"
import { batches, services, temporaryFolder, tiny } from "../../train/harness.ts"
import { sameBits } from "../recorded.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-network-file-"))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, "weights.safetensors")

const heads: fc.Arbitrary<Partial<ModelParams>> = fc.oneof(
  fc.constant({}),
  fc.record({ embedding_dim: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    parts: fc.constant([
      [1, 2, 1],
      [2, 1, 1]
    ] as const),
    part_dim: fc.integer({ min: 1, max: 5 })
  })
)

describe("the network of a file of weights", () => {
  it("is opened from the file alone, in the form of this version and of 0.1.0", () => {
    fc.assert(
      fc.property(heads, fc.constantFrom("avg", "max", "gem"), fc.boolean(), (head, pooling, older) => {
        const params = { backbone: "resnet10-slim", channels: 2, num_classes: 3, ...head, pooling } as ModelParams
        const model = makeModel(params)
        const arrays = drawnWeights(model, 5)
        const about = { bands: ["b1", "b2"], classes: ["x", "y", "z"] }
        const manifest = older
          ? { architecture: model.params, ...about, normalisation: "imagenet, as the original does", versions: {} }
          : { architecture: architectureOf(model.params), ...about, fingerprint: fingerprint(arrays) }
        writeFileSync(path, exportWeights(arrays, manifest))
        const found = openNetwork(path)
        expect(found.model.params).toEqual(model.params)
        expect(found.facts).toMatchObject(about)
        expect(found.arrays.length).toBe(arrays.length)
        found.arrays.forEach(({ data, name }, i) => {
          expect([name, sameBits(data, arrays[i].data)]).toEqual([arrays[i].name, true])
        })
      }),
      { numRuns: 12 }
    )
  })

  it("is refused if the file does not state it, or if its weights are others than the manifest's", () => {
    const model = makeModel(tiny)
    const arrays = drawnWeights(model, 5)
    const about = { architecture: architectureOf(model.params), bands: ["b1", "b2"], classes: ["x", "y", "z"] }
    writeFileSync(path, exportWeights(arrays, {}))
    expect(() => openNetwork(path)).toThrow("does not state its network. Give the network in `model`")
    writeFileSync(path, exportWeights(arrays, { ...about, fingerprint: fingerprint(drawnWeights(model, 6)) }))
    expect(() => openNetwork(path)).toThrow("holds other weights than its manifest says")
    const { backbone: _, ...incomplete } = about.architecture
    writeFileSync(path, exportWeights(arrays, { ...about, architecture: incomplete }))
    expect(describeWeights(path)).toMatchObject({ params: undefined, bands: ["b1", "b2"] })
    expect(() => describeWeights(join(folder, "absent.safetensors"))).toThrow("there is no such file")
  })
})

effect("a network has the channels and classes of the data, or of its weights, if none are given", () =>
  Effect.gen(function* () {
    const engine = yield* Effect.promise(() => opened("wasm"))
    const run = yield* temporaryFolder
    const provided = Effect.provide(services(run, engine))
    const short = { backbone: "resnet10-slim", pooling: "avg" } as const
    const embedded = (params: Parameters<typeof embed>[0]) =>
      Effect.map(Stream.runCollect(toStream(batches({ epochs: 1 }).pipe(embed(params)))).pipe(provided), ([one]) => one)
    const drawn = yield* embedded({ model: short, weights: "initial" })
    expect(sameBits(drawn.vectors, (yield* embedded({ model: tiny, weights: "initial" })).vectors)).toBe(true)
    yield* drain(batches({ epochs: 1 }).pipe(optimise({ model: short }), checkpoint({}))).pipe(provided)
    expect(describeWeights(join(run, "checkpoints", "epoch_0001.safetensors")).params).toMatchObject(tiny)
    const trained = yield* embedded({ model: short })
    expect(sameBits(trained.vectors, (yield* embedded({ model: tiny })).vectors)).toBe(true)
    // Nothing is left to train: the network is that of the checkpoint.
    yield* drain(batches({ epochs: 1 }).pipe(optimise({ model: short }), checkpoint({}))).pipe(provided)
  })
)

effect("embed works from a checkpoint or published weights alone", () =>
  Effect.gen(function* () {
    const engine = yield* Effect.promise(() => opened("wasm"))
    const run = yield* temporaryFolder
    const provided = Effect.provide(services(run, engine))
    yield* drain(batches({ epochs: 1 }).pipe(optimise({ model: tiny }), checkpoint({}))).pipe(provided)
    const embedded = (params: Parameters<typeof embed>[0]) =>
      Effect.map(Stream.runCollect(toStream(batches({ epochs: 1 }).pipe(embed(params)))).pipe(provided), ([one]) => one)
    const expected = yield* embedded({ model: tiny })
    const file = join(run, "checkpoints", "epoch_0001.safetensors")
    expect(describeWeights(file)).toMatchObject({ normalisation: { by: "none" }, sizing: [], size: [17, 17] })
    for (const weights of ["newest", file]) {
      const made = yield* embedded({ weights })
      expect(sameBits(made.vectors, expected.vectors)).toBe(true)
      expect(made.weights).toBe(expected.weights)
    }
  })
)
