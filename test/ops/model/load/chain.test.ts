/** From a checkpoint of the original to figures, and what becomes of files on that way that are damaged. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { measure } from "../../../../src/ops/measure/measure.ts"
import { loadWeights } from "../../../../src/ops/model/load/load.ts"
import { drawnWeights, type Model, makeModel } from "../../../../src/ops/model/model.ts"
import { WeightsError } from "../../../../src/ops/model/model-error.ts"
import { exportWeights } from "../../../../src/ops/model/weights/export.ts"
import { embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { rank } from "../../../../src/ops/retrieve/rank/rank.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { opened } from "../../tensor/with-engine.ts"
import { batches, changing, services, tiny } from "../../train/harness.ts"
import { originalCheckpoint } from "./pytorch/pth-writer.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-chain-"))
afterAll(() => rmSync(folder, { recursive: true }))
const save = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const net = { ...tiny, channels: 3, pooling: "max" } as const
const model = makeModel(net)
const about = { architecture: model.params, bands: ["Red", "Green", "Blue"], classes: ["x", "y", "z"] }
const config = { backbone: net.backbone, pooling: net.pooling, parts: [[1, 1, 1]], channels: 3 }

/** The third band is the first once more. */
const coloured = changing(
  Stream.map((batch) => ({
    ...batch,
    bands: about.bands,
    images: Float32Array.from({ length: (batch.images.length / 2) * 3 }, (_, i) => {
      return batch.images[Math.floor(i / 3) * 2 + ((i % 3) % 2)]
    })
  }))
)

describe("a checkpoint of the original", () => {
  effect("gives the figures that the same weights give from published weights, and from the seed", () =>
    Effect.gen(function* () {
      const engine = yield* Effect.promise(() => opened("wasm"))
      const figures = (weights: string) =>
        Stream.runCollect(
          toStream(
            batches({ epochs: 1, count: 4, size: 6 }).pipe(
              coloured,
              embed({ model: net, weights }),
              rank({ queries: 0.3 }),
              measure({ at: [3] })
            )
          )
        ).pipe(Effect.provide(services(folder, engine, 5)))
      const arrays = drawnWeights(model, 5)
      const published = exportWeights(arrays, { ...about, normalisation: "none", versions: {} })
      const [expected] = yield* figures("initial")
      expect(expected.counted).toBeGreaterThan(0)
      for (const [name, bytes] of Object.entries({
        "epoch_3.pth": originalCheckpoint(3, arrays, config),
        "published.safetensors": published
      })) {
        expect((yield* figures(save(name, bytes)))[0].results).toEqual(expected.results)
      }
    })
  )

  it("knows its network", () => {
    const arrays = drawnWeights(model, 5)
    const load = (other: object) => () =>
      loadWeights(
        save("other.pth", originalCheckpoint(3, arrays, { ...config, ...other })),
        model,
        drawnWeights(model, 1)
      )
    expect(load({})).not.toThrow()
    expect(load({ pooling: "gem" })).toThrow("was trained with another network: pooling gem, not max")
    expect(load({ parts: [[1, 2, 2]] })).toThrow("parts [[1,2,2]], not [[1,1,1]]")
    expect(load({ module: "cbam" })).toThrow("module cbam, not none")
  })
})

/** A network of three arrays, so that hundreds of its files take no time. */
const small: Model = {
  ...model,
  parameters: [
    { name: "encoder.encoder_block0.0.weight", shape: [2, 3, 1, 1] },
    { name: "encoder.encoder_block0.1.running_var", shape: [2] },
    { name: "head.head.fc.weight", shape: [3, 2] }
  ].map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b)
    return { name, shape, role: "weight" as const, init: () => Float32Array.from({ length: size }, (_, i) => i / 8) }
  })
}
const kinds = {
  "a .pth": originalCheckpoint(3, drawnWeights(small, 1), config),
  "published safetensors": exportWeights(drawnWeights(small, 1), { ...about, normalisation: "none", versions: {} })
}

describe.each(Object.entries(kinds))("damage to %s", (_, whole) => {
  const values = (path: string) => loadWeights(path, small, drawnWeights(small, 1), {}, about).arrays

  it("ends in one clear message that names the file, or in arrays of finite values of the right shape", () => {
    const intact = values(save("intact", whole)).map(({ data }) => [...data])
    const path = join(folder, "damaged")
    let refused = 0
    const change = fc.record({
      at: fc.nat({ max: whole.length - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 4 })
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(), (changes, cut) => {
        const damaged = Uint8Array.from(whole)
        for (const { at, bytes } of changes) damaged.set(bytes.subarray(0, damaged.length - at), at)
        writeFileSync(path, cut % 4 === 0 ? damaged.subarray(0, cut % damaged.length) : damaged)
        try {
          const arrays = values(path)
          expect(arrays.map(({ data }) => data.length)).toEqual(intact.map(({ length }) => length))
          expect(arrays.every(({ data }) => data.every(Number.isFinite))).toBe(true)
        } catch (fault) {
          expect(fault).toBeInstanceOf(WeightsError)
          expect((fault as WeightsError).message).toMatch(
            new RegExp(
              `^${path}: .+\\. (Give|Use|If you trust the file,|Save its weights alone:|Set|Name|Choose) .+\\.$`,
              "s"
            )
          )
          refused++
        }
        // What is intact is read as before, whatever came before it.
        expect(values(join(folder, "intact")).map(({ data }) => [...data])).toEqual(intact)
      }),
      { numRuns: 250 }
    )
    expect(refused).toBeGreaterThan(100)
  })
})
