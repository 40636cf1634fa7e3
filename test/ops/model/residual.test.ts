import { beforeAll, describe, expect, it } from "vitest"
import type { NamedArray } from "../../../src/ops/elements.ts"
import { linear } from "../../../src/ops/model/layer.ts"
import { basicResNet } from "../../../src/ops/model/residual.ts"
import { uploadArrays } from "../../../src/ops/model/weights.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { type ReferenceArray, reference } from "../../reference.ts"
import { opened } from "../tensor/with-engine.ts"

interface Case {
  readonly id: string
  readonly encoder: string
  readonly input: readonly [number, number, number, number]
  readonly num_classes: number
  readonly G: number
  readonly embedding: { readonly dim: number; readonly first: ReferenceArray; readonly l2: ReadonlyArray<number> }
  readonly logits: ReferenceArray
}
const recorded = reference<{
  readonly seed: number
  readonly input_phase: number
  readonly cases: ReadonlyArray<Case>
}>("model-backbones.json")

/** Those of the recorded networks that consist of basic blocks. */
const blocksOf: Readonly<Record<string, readonly [number, number, number, number]>> = {
  resnet18: [2, 2, 2, 2],
  resnet34: [3, 4, 6, 3]
}

const crc32 = (text: string): number => {
  let crc = 0xffffffff
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** The rule by which the recorded networks got their weights, from name and shape alone. */
const ruled = (name: string, shape: ReadonlyArray<number>, G: number): NamedArray => {
  const base = crc32(`${recorded.seed}:${name}`)
  const last = name.split(".").at(-1)
  const spread = Math.sqrt(G / shape.slice(1).reduce((product, n) => product * n, 1))
  const data = Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, (_, i) => {
    let x = (base + Math.imul(i, 0x9e3779b9)) >>> 0
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
    const u = (((x ^ (x >>> 16)) >>> 0) + 0.5) / 2 ** 31 - 1
    if (last === "running_mean" || last === "bias") return 0.05 * u
    if (last === "running_var") return 1 + 0.2 * u
    return shape.length === 1 ? 1 + 0.1 * u : spread * u
  })
  return { name, shape, data }
}

/** The recorded input, which counts as [n, c, h, w], as [n, h, w, c]. */
const input = ([N, C, H, W]: Case["input"]): Float32Array => {
  const made = new Float32Array(N * C * H * W)
  for (let i = 0; i < made.length; i++) {
    const [n, c, pixel] = [Math.floor(i / (C * H * W)), Math.floor(i / (H * W)) % C, i % (H * W)]
    made[(n * H * W + pixel) * C + c] = 0.5 * Math.sin(0.05 * i + recorded.input_phase) + 0.3 * Math.cos(0.011 * i)
  }
  return made
}

const near = (got: ReadonlyArray<number>, expected: ReadonlyArray<number>) => {
  expect(got.length).toBe(expected.length)
  const scale = Math.max(...expected.map(Math.abs))
  got.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1e-4 * scale)
  })
}

describe("residual networks", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })

  const cases = recorded.cases.filter(({ encoder, id }) => id === encoder && encoder in blocksOf)
  it("have recorded cases", () => expect(cases.length).toBeGreaterThan(0))

  it.each(cases)(
    "give the recorded embeddings and logits: $id",
    ({ encoder, input: shape, num_classes, G, ...expected }) => {
      const [N, C, H, W] = shape
      const network = basicResNet(C, [64, 128, 256, 512], blocksOf[encoder])
      const head = linear("head.head.fc", network.width, num_classes)
      const parameters = [...network.layer.parameters, ...head.parameters]
      const weights = uploadArrays(
        engine,
        parameters.map((parameter) => ruled(parameter.name, parameter.shape, G))
      )
      const { embedding, logits } = engine.scope(() => {
        const pass = { engine, get: weights.get, observe: undefined }
        const features = network.layer.apply(pass, engine.tensor(input(shape), [N, H, W, C]))
        const pooled = engine.globalAveragePool(features)
        return { embedding: engine.read(pooled), logits: engine.read(head.apply(pass, pooled)) }
      })
      weights.dispose()
      const { dim, first, l2 } = expected.embedding
      const rows = Array.from({ length: N }, (_, n) => [...embedding.subarray(n * dim, (n + 1) * dim)])
      near(
        rows.flatMap((row) => row.slice(0, first.shape[1])),
        first.data
      )
      rows.forEach((row, n) => {
        expect(Math.abs(Math.hypot(...row) / l2[n] - 1)).toBeLessThan(1e-4)
      })
      near([...logits], expected.logits.data)
    }
  )
})
