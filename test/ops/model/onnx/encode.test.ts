import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { describeOnnx } from "../../../../src/ops/formats/onnx/describe.ts"
import { fixed } from "../../../../src/ops/model/layers/layer.ts"
import { drawnWeights, type Model, makeModel } from "../../../../src/ops/model/model.ts"
import { encodeNetwork, type OnnxOptions } from "../../../../src/ops/model/onnx/encode.ts"
import type { ModelParams } from "../../../../src/ops/model/params.ts"
import { uploadArrays } from "../../../../src/ops/model/weights/tensors.ts"
import { openSession, runtimeInstalled } from "../../../../src/ops/onnx/runtime.ts"
import { normaliseRows } from "../../../../src/ops/retrieve/unit-length.ts"
import { plus, reshape } from "../../../../src/ops/tensor/elementwise.ts"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { noise, opened } from "../../tensor/with-engine.ts"
import { channelsFirst, ruled } from "../recorded.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-onnx-"))
afterAll(() => rmSync(folder, { recursive: true }))

const small = { backbone: "resnet10-slim", pooling: "avg", channels: 4, num_classes: 3 } as const
const [N, H, W] = [2, 40, 33]

const written = (model: Model, options: Partial<OnnxOptions> = {}) => {
  const arrays = model.parameters.map((parameter) => ruled(parameter, { seed: 3, G: 6 }))
  const file = join(folder, "network.onnx")
  writeFileSync(file, encodeNetwork(model, arrays, { height: H, width: W, ...options }))
  return { arrays, file }
}

describe("a network as ONNX", () => {
  it("says its input, its outputs, its opset and what it is given to carry", () => {
    const { file } = written(makeModel(small), { metadata: { orbitrank: '{"output":"embeddings"}' } })
    expect(describeOnnx(file)).toEqual({
      file,
      inputs: [{ name: "images", type: "float32", shape: ["n", 4, H, W] }],
      outputs: [
        { name: "embeddings", type: "float32", shape: ["n", 256] },
        { name: "logits", type: "float32", shape: ["n", 3] }
      ],
      metadata: { orbitrank: '{"output":"embeddings"}' },
      opset: 17,
      producer: "orbitrank",
      external: []
    })
  })

  it("is the same file for the same weights, and another for others", () => {
    const model = makeModel(small)
    const encoded = [1, 2, 1].map((seed) => encodeNetwork(model, drawnWeights(model, seed), { height: H, width: W }))
    expect(Buffer.from(encoded[0]).equals(encoded[2])).toBe(true)
    expect(Buffer.from(encoded[0]).equals(encoded[1])).toBe(false)
  })

  it("is refused if a layer computes across the batch, or outside of what can be traced", () => {
    const model = makeModel(small)
    const predict: Model["predict"] = (pass, images) => {
      const made = model.predict(pass, images)
      return { ...made, logits: reshape(made.logits, [-1]) }
    }
    expect(() => written({ ...model, predict })).toThrow("a reshape across the batch cannot be written as ONNX")
    const softened = fixed((_, x) => plus(x, x.step()))
    expect(() =>
      written({ ...model, predict: (pass, images) => model.predict(pass, softened.apply(pass, images)) })
    ).toThrow("a step function cannot be written as ONNX")
  })
})

describe.skipIf(!runtimeInstalled())("a network as ONNX in onnxruntime-node gives the same numbers to 1e-5", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })

  const networks: ReadonlyArray<readonly [string, ModelParams]> = [
    ["a single head", small],
    ["a projection, GeM and CBAM", { ...small, pooling: "gem", module: "cbam", embedding_dim: 7 }],
    ["dual attention and parts", { ...small, pooling: "max", module: "da", part_dim: 5, parts: [[1, 2, 1]] }],
    [
      "parts of several splits",
      {
        ...small,
        part_dim: 6,
        parts: [
          [1, 1, 1],
          [2, 1, 3]
        ]
      }
    ],
    ["inverted residuals", { ...small, backbone: "efficientnet-b0" }],
    ["a stem of odd padding", { ...small, backbone: "se_resnet50" }]
  ]

  it.each(networks)("%s", async (_, params) => {
    const model = makeModel(params)
    const { arrays, file } = written(model)
    const images = Float32Array.from(noise([N, H, W, 4], 5).data)
    const weights = uploadArrays(engine, arrays)
    const pass = { engine, get: weights.get, observe: undefined }
    const here = engine.scope(() => {
      const { embedding, logits } = model.predict(pass, engine.tensor(images, [N, H, W, 4]))
      return {
        embeddings: normaliseRows(engine.read(embedding), embedding.shape[1] ?? 0),
        logits: engine.read(logits)
      }
    })
    weights.dispose()
    const session = await openSession(file, { provider: "cpu", threads: 1 })
    const feed = { type: "float32", dims: [N, 4, H, W], data: channelsFirst(images, [N, 4, H, W]) }
    const got = await session.run({ images: feed }, ["embeddings", "logits"])
    for (const [name, expected] of Object.entries(here)) {
      const values = got[name].data as Float32Array
      expect(values.length).toBe(expected.length)
      const scale = Math.max(...expected.map(Math.abs))
      const worst = Math.max(...values.map((value, i) => Math.abs(value - expected[i])))
      expect(worst / scale, name).toBeLessThanOrEqual(1e-5)
    }
  })

  it("with normalisation inside takes raw values", async () => {
    const model = makeModel(small)
    const normalisation = { mean: [400, 500, 600, 2000], std: [500, 600, 700, 1300] }
    const { arrays, file } = written(model, { normalisation })
    const images = Float32Array.from(noise([N, H, W, 4], 5).data, (value) => 1000 + 500 * value)
    const scaled = images.map((value, i) => (value - normalisation.mean[i % 4]) / normalisation.std[i % 4])
    const weights = uploadArrays(engine, arrays)
    const expected = engine.scope(() => {
      const pass = { engine, get: weights.get, observe: undefined }
      return engine.read(model.predict(pass, engine.tensor(scaled, [N, H, W, 4])).logits)
    })
    weights.dispose()
    const session = await openSession(file, { provider: "cpu", threads: 1 })
    const feed = { type: "float32", dims: [N, 4, H, W], data: channelsFirst(images, [N, 4, H, W]) }
    const values = (await session.run({ images: feed }, ["logits"])).logits.data as Float32Array
    expected.forEach((value, i) => {
      expect(Math.abs(values[i] - value)).toBeLessThanOrEqual(1e-5 * Math.max(...expected.map(Math.abs)))
    })
  })
})
