/** What holds for every network, on every engine. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Batch } from "../../../src/ops/elements.ts"
import type { Part } from "../../../src/ops/model/heads/parts.ts"
import { loadWeights } from "../../../src/ops/model/load/load.ts"
import { drawnWeights, makeModel } from "../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../src/ops/model/params.ts"
import { poolingNames } from "../../../src/ops/model/poolings.ts"
import { exportWeights } from "../../../src/ops/model/weights/export.ts"
import { uploadArrays } from "../../../src/ops/model/weights/tensors.ts"
import { extractor } from "../../../src/ops/retrieve/embeddings/extract.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { devices, noise, opened } from "../tensor/with-engine.ts"
import { norm, sameBits } from "./recorded.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-properties-"))
afterAll(() => rmSync(folder, { recursive: true }))

const part = fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }))
const splits = fc.array(part as fc.Arbitrary<Part>, { minLength: 1, maxLength: 2 })

/** Small networks with any head. */
const params: fc.Arbitrary<ModelParams> = fc
  .record({
    pooling: fc.constantFrom(...poolingNames),
    module: fc.constantFrom("none", "cbam"),
    head: fc.oneof(
      fc.record({ parts: splits, part_dim: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ embedding_dim: fc.integer({ min: 1, max: 9 }) }),
      fc.constant({})
    )
  })
  .map(
    ({ head, ...rest }) => ({ backbone: "resnet10-slim", channels: 2, num_classes: 3, ...rest, ...head }) as ModelParams
  )

/** The length that the parameters announce. */
const lengthOf = ({ embedding_dim, part_dim = 256, parts = [[1, 1, 1]] }: ModelParams): number => {
  if (parts.length === 1 && parts[0].every((n) => n === 1)) return embedding_dim ?? 256
  return part_dim * (parts.reduce((sum, [c, h, w]) => sum + c * h * w, 0) + parts.length)
}

/** Features of 2x2 at least, which all of `params` can cut. */
const batchOf = (size: number, height: number, width: number, seed: number): Batch => ({
  kind: "batch",
  epoch: 0,
  size,
  names: Array.from({ length: size }, (_, i) => `image${i}`),
  indices: Int32Array.from({ length: size }, (_, i) => i),
  images: Float32Array.from(noise([size, height, width, 2], seed).data),
  height,
  width,
  bands: ["b1", "b2"],
  labels: new Uint8Array(size * 3),
  classes: ["x", "y", "z"]
})

describe.each(devices)("on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })
  const runs = { numRuns: device === "cpu" ? 4 : 12 }
  const side = fc.integer({ min: 34, max: 50 })

  it("descriptors have the announced length and norm 1, and an image's is its own, whatever stands beside it", () => {
    fc.assert(
      fc.property(params, side, side, fc.nat(), (given, height, width, seed) => {
        const model = makeModel(given)
        expect(model.dim).toBe(lengthOf(given))
        const batch = batchOf(3, height, width, seed)
        const { dispose, extract } = extractor(engine, model, drawnWeights(model, seed % 7), false)
        const all = extract(batch).vectors
        expect(all.length).toBe(3 * model.dim)
        const pixels = height * width * 2
        for (let i = 0; i < 3; i++) {
          const own = all.subarray(i * model.dim, (i + 1) * model.dim)
          expect(norm(own)).toBeCloseTo(1, 5)
          const images = batch.images.slice(i * pixels, (i + 1) * pixels)
          const alone = extract({ ...batchOf(1, height, width, 0), images }).vectors
          alone.forEach((value, k) => {
            expect(value).toBeCloseTo(own[k], 4)
          })
        }
        dispose()
      }),
      runs
    )
  })

  it("weights are the same bit for bit after the engine, the file and the way back", () => {
    fc.assert(
      fc.property(params, fc.nat(), (given, seed) => {
        const model = makeModel(given)
        const drawn = drawnWeights(model, seed)
        const uploaded = uploadArrays(engine, drawn)
        const read = uploaded.arrays()
        uploaded.dispose()
        const path = join(folder, `${device}.safetensors`)
        const about = { architecture: model.params, bands: ["b1", "b2"], classes: ["x", "y", "z"] }
        writeFileSync(path, exportWeights(read, { ...about, normalisation: "none", versions: {} }))
        const { arrays } = loadWeights(path, model, drawnWeights(model, seed + 1), {}, about)
        arrays.forEach(({ name, data }, i) => {
          expect([name, sameBits(data, drawn[i].data)]).toEqual([drawn[i].name, true])
        })
      }),
      { numRuns: 4 }
    )
  })
})
