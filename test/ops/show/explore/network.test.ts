/** Networks as the explorer's page computes them, in plain JavaScript, beside the product's own engine. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { NamedArray } from "../../../../src/ops/elements.ts"
import { drawnWeights, type Model, makeModel } from "../../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../../src/ops/model/params.ts"
import { uploadArrays } from "../../../../src/ops/model/weights/tensors.ts"
import { bundled } from "../../../../src/ops/show/explore/bundle.ts"
import { concat, slice } from "../../../../src/ops/tensor/elementwise.ts"
import { type Engine, openEngine } from "../../../../src/ops/tensor/engine.ts"
import { random } from "../../../../src/pipeline/random.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-page-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const src = resolve(import.meta.dirname, "../../../../src/ops")

interface PageCode {
  readonly concat: typeof concat
  readonly slice: typeof slice
  readonly makeModel: typeof makeModel
  readonly uploadArrays: typeof uploadArrays
  readonly plainEngine: Engine
}

let page: PageCode
let tensors: Engine
beforeAll(async () => {
  const entry = join(home, "entry.ts")
  const lines = [
    ["makeModel", "model/model.ts"],
    ["uploadArrays", "model/weights/tensors.ts"],
    ["plainEngine", "show/explore/page/network/engine.ts"],
    ["concat, slice", "tensor/elementwise.ts"]
  ].map(([name, file]) => `export { ${name} } from ${JSON.stringify(join(src, file))}`)
  writeFileSync(entry, lines.join("\n"))
  const script = join(home, "page.mjs")
  writeFileSync(script, await bundled(entry, "esm"))
  page = await import(script)
  tensors = await Effect.runPromise(openEngine("wasm"))
})

const embedded = (
  { makeModel: make, uploadArrays: upload }: Pick<PageCode, "makeModel" | "uploadArrays">,
  engine: Engine,
  params: ModelParams,
  arrays: ReadonlyArray<NamedArray>,
  image: Float32Array,
  edge: number
): Float32Array => {
  const model: Model = make(params)
  const weights = upload(engine, arrays)
  try {
    return engine.scope(() => {
      const pass = { engine, get: weights.get, observe: undefined }
      return engine.read(model.embed(pass, engine.tensor(image, [1, edge, edge, params.channels]))).slice()
    })
  } finally {
    weights.dispose()
  }
}

const net = { pooling: "avg", channels: 3, num_classes: 4 } as const
const NETWORKS: ReadonlyArray<ModelParams> = [
  { ...net, backbone: "resnet10-slim" },
  { ...net, backbone: "resnet18", pooling: "gem", module: "cbam" },
  { ...net, backbone: "resnet10-slim", pooling: "max", module: "da" },
  { ...net, backbone: "resnet10-slim", embedding_dim: 7 },
  {
    ...net,
    backbone: "resnet10-slim",
    parts: [
      [1, 1, 1],
      [2, 2, 1]
    ],
    part_dim: 6
  },
  { ...net, backbone: "efficientnet-b0" },
  { ...net, backbone: "vgg16" }
]

describe("the network in the page", () => {
  it.each(NETWORKS.map((params) => [params.backbone, params] as const))("%s embeds as the engine does", (_, params) => {
    const edge = 32
    const draw = random(5, 0, 0, "image")
    const image = Float32Array.from({ length: edge * edge * 3 }, () => draw.normal())
    // Running statistics that are all 0 and 1 would not show whether they are used.
    const arrays = drawnWeights(makeModel(params), 3).map((array) =>
      /running_(mean|var)$/.test(array.name)
        ? { ...array, data: Float32Array.from(array.data, (value) => Number(value) + 0.2 * draw.next()) }
        : array
    )
    const expected = embedded({ makeModel, uploadArrays }, tensors, params, arrays, image, edge)
    const found = embedded(page, page.plainEngine, params, arrays, image, edge)
    expect(found.length).toBe(expected.length)
    const most = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    expect(most).toBeGreaterThan(0)
    found.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-4 * Math.max(1, most))
    })
  })

  it("operations that those networks do not use are those of the engine", () => {
    const draw = random(6, 0, 0, "operations")
    const drawn = (...shape: ReadonlyArray<number>) => ({
      shape,
      values: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => draw.normal())
    })
    const [x, w, gamma, beta] = [drawn(2, 7, 6, 4), drawn(3, 3, 2, 8), drawn(4), drawn(4)]
    const put = (engine: Engine, { shape, values }: ReturnType<typeof drawn>) => engine.tensor(values, shape)
    const operations: ReadonlyArray<(engine: Engine, code: Pick<PageCode, "concat" | "slice">) => Float32Array> = [
      (engine) =>
        engine.read(engine.instanceNorm(put(engine, x), put(engine, gamma), put(engine, beta), { relu: true })),
      (engine) => {
        const options = { stride: 2, padding: [1, 0, 2, 1], dilation: 1, groups: 2 } as const
        return engine.read(engine.conv2d(put(engine, x), put(engine, w), options))
      },
      (engine) => engine.read(engine.maxPool(put(engine, x), { size: 3, stride: 2, padding: 1 })),
      (engine, { concat, slice }) =>
        engine.read(
          concat(
            [slice(put(engine, x), [0, 2, 1, 1], [2, 3, 4, 2]), slice(put(engine, x), [0, 0, 0, 0], [2, 3, 4, 1])],
            3
          )
        )
    ]
    for (const operation of operations) {
      const expected = tensors.scope(() => operation(tensors, { concat, slice }).slice())
      const found = operation(page.plainEngine, page)
      expect(found.length).toBe(expected.length)
      found.forEach((value, i) => {
        expect(Math.abs(value - expected[i])).toBeLessThan(1e-4)
      })
    }
  })
})
