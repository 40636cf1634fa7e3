import { beforeAll, describe, expect, it } from "vitest"
import { singleHead } from "../../../../src/ops/model/heads/single.ts"
import { makeModel } from "../../../../src/ops/model/model.ts"
import { ModelParams } from "../../../../src/ops/model/params.ts"
import { poolings } from "../../../../src/ops/model/poolings.ts"
import { uploadArrays } from "../../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { check } from "../../../../src/pipeline/check.ts"
import { close, devices, noise, opened } from "../../tensor/with-engine.ts"
import { initialWeights } from "../initial.ts"
import { ruled } from "../recorded.ts"

const [N, WIDTH, DIM, CLASSES] = [3, 6, 4, 5]

/** x W^T + b, W [to, from] as files have it. */
const affine = (x: ReadonlyArray<ReadonlyArray<number>>, W: Float32Array, b: ArrayLike<number>) =>
  x.map((row) => Array.from(b, (bias, o) => row.reduce((sum, value, i) => sum + value * W[o * row.length + i], bias)))

describe.each(devices)("a single head with a projection, on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })
  const head = singleHead(poolings.avg.layer, WIDTH, CLASSES, DIM)
  const arrays = head.parameters.map((parameter) => ruled(parameter, { seed: 4, G: 6 }))

  it("embeds by a linear layer, and classifies what comes of it", () => {
    const weights = uploadArrays(engine, arrays)
    const pass = { engine, get: weights.get, observe: undefined }
    const features = noise([N, 1, 1, WIDTH], 2)
    const rows = Array.from({ length: N }, (_, n) => [...features.data].slice(n * WIDTH, (n + 1) * WIDTH))
    const [projection, bias, classifier] = arrays.map(({ data }) => data as Float32Array)
    const expected = affine(rows, projection, bias)
    const logits = affine(expected, classifier, new Array(CLASSES).fill(0)).flat()
    engine.scope(() => {
      const x = engine.tensor(Float32Array.from(features.data), features.shape)
      const { local, global } = head.branches(pass, x)
      expect(local).toEqual([])
      expect(global.length).toBe(1)
      close(engine.read(head.embed(pass, x)), { shape: [N, DIM], data: expected.flat() } as never)
      close(engine.read(global[0].embedding), { shape: [N, DIM], data: expected.flat() } as never)
      close(engine.read(global[0].logits), { shape: [N, CLASSES], data: logits } as never)
    })
    weights.dispose()
  })

  it("trains the projection, from the classes alone too", () => {
    const weights = uploadArrays(engine, arrays)
    const pass = { engine, get: weights.get, observe: undefined }
    engine.scope(() => {
      const x = engine.tensor(Float32Array.from(noise([N, 1, 1, WIDTH], 2).data), [N, 1, 1, WIDTH])
      const { gradients } = engine.gradients(
        () => {
          const [{ logits }] = head.branches(pass, x).global
          return engine.weightedSum(logits, Float32Array.from(noise([N, CLASSES], 5).data))
        },
        head.parameters.map(({ name }) => weights.get(name))
      )
      for (const gradient of gradients) expect(gradient && engine.read(gradient).some((g) => g !== 0)).toBe(true)
    })
    weights.dispose()
  })
})

describe("the model parameter `embedding_dim`", () => {
  const params = { backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 5 } as const

  it("is the length of embeddings, and stands in what is recorded of the network", () => {
    const model = makeModel({ ...params, embedding_dim: 48 })
    expect(model.dim).toBe(48)
    expect(model.params.embedding_dim).toBe(48)
    expect(makeModel(params).params.embedding_dim).toBe("none")
    const shapes = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))
    expect(shapes["head.projection.weight"]).toEqual([48, 256])
    expect(shapes["head.projection.bias"]).toEqual([48])
    expect(shapes["head.head.fc.weight"]).toEqual([5, 48])
    // PyTorch's default of linear layers: uniform in +-1 / sqrt(inputs), biases too.
    for (const { name, data } of initialWeights(model, 1).filter(({ name }) => name.startsWith("head.projection"))) {
      const largest = Math.max(...Array.from(data, Math.abs))
      expect([name, largest <= 1 / 16, largest > 0.05]).toEqual([name, true, true])
    }
  })

  it("is refused beside parts, which have a length of their own", () => {
    const parts = [[1, 2, 2]]
    expect(check(ModelParams as never, { ...params, embedding_dim: 48, parts })._tag).toBe("Failure")
    expect(check(ModelParams as never, { ...params, embedding_dim: 48, parts: [[1, 1, 1]] })._tag).toBe("Success")
  })
})
