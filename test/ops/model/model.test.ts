import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { NamedArray } from "../../../src/ops/elements.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import { engineShape, toEngine, toFile } from "../../../src/ops/model/weights/layout.ts"
import { checkWeights, uploadArrays } from "../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { opened } from "../tensor/with-engine.ts"
import { initialWeights } from "./initial.ts"

const params = { backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 5 } as const
/** `toEqual` takes seconds on a million numbers. */
const same = (a: ReadonlyArray<NamedArray>, b: ReadonlyArray<NamedArray>): boolean =>
  a.length === b.length &&
  a.every(
    ({ name, shape, data }, i) =>
      name === b[i].name && shape.join() === b[i].shape.join() && data.every((value, j) => value === b[i].data[j])
  )

const deviation = (values: ArrayLike<number>): number => {
  const list = Array.from(values)
  const mean = list.reduce((a, b) => a + b, 0) / list.length
  return Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length)
}

describe("the layout of the engine", () => {
  const shapes = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 5 })),
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    fc.tuple(...([4, 4, 3, 2].map((max) => fc.integer({ min: 1, max })) as never as [fc.Arbitrary<number>]))
  ) as fc.Arbitrary<ReadonlyArray<number>>

  it("has element [o, i, y, x] at [y, x, i, o], and back", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const size = shape.reduce((a, b) => a * b, 1)
        const values = Float32Array.from({ length: size }, (_, i) => i)
        const turned = toEngine(values, shape)
        const [O, I = 1, Y = 1, X = 1] = shape
        for (let o = 0; o < O; o++)
          for (let i = 0; i < I; i++)
            for (let y = 0; y < Y; y++)
              for (let x = 0; x < X; x++) {
                expect(turned[((y * X + x) * I + i) * O + o]).toBe(((o * I + i) * Y + y) * X + x)
              }
        expect(engineShape(shape)).toEqual(shape.length === 4 ? [Y, X, I, O] : [...shape].reverse())
        expect(toFile(turned, shape)).toEqual(values)
      })
    )
  })
})

describe("resnet10-slim", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })
  const model = makeModel(params)

  it("has the layout and the names of a residual network", () => {
    const names = model.parameters.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.slice(0, 3)).toEqual([
      "encoder.encoder_block0.0.weight",
      "encoder.encoder_block0.1.weight",
      "encoder.encoder_block0.1.bias"
    ])
    expect(names).toContain("encoder.encoder_block2.0.downsample.0.weight")
    expect(names).not.toContain("encoder.encoder_block1.0.downsample.0.weight")
    const shapes = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))
    expect(shapes["encoder.encoder_block0.0.weight"]).toEqual([32, 3, 7, 7])
    expect(shapes["encoder.encoder_block4.0.conv1.weight"]).toEqual([256, 128, 3, 3])
    expect(shapes["head.head.fc.weight"]).toEqual([5, 256])
  })

  it("starts from weights of the right size that depend on the seed alone", () => {
    const weights = initialWeights(model, 1)
    expect(same(initialWeights(model, 1), weights)).toBe(true)
    const of = (name: string, seed = 1) =>
      initialWeights(model, seed).find((array) => array.name === name)?.data as Float32Array
    const conv = "encoder.encoder_block3.0.conv2.weight"
    expect(of(conv, 2)[0]).not.toBe(of(conv)[0])
    expect(deviation(of(conv))).toBeCloseTo(Math.sqrt(2 / (128 * 9)), 3)
    expect(deviation(of("head.head.fc.weight"))).toBeCloseTo(1 / Math.sqrt(3 * 256), 2)
    expect(new Set(of("encoder.encoder_block1.0.bn1.weight"))).toEqual(new Set([1]))
    expect(new Set(of("encoder.encoder_block1.0.bn1.running_mean"))).toEqual(new Set([0]))
  })

  it("embeds images of any size, each by itself, and gives its weights back", () => {
    const arrays = initialWeights(model, 3)
    const weights = uploadArrays(engine, arrays)
    const pass = { engine, get: weights.get, observe: undefined }
    const pixels = Float32Array.from({ length: 2 * 41 * 37 * 3 }, (_, i) => Math.sin(i * 0.37))
    const embed = (values: Float32Array, n: number) =>
      engine.scope(() => engine.read(model.embed(pass, engine.tensor(values, [n, 41, 37, 3]))))
    const both = embed(pixels, 2)
    const second = embed(pixels.slice(pixels.length / 2), 1)
    expect(both.length).toBe(2 * model.dim)
    second.forEach((value, i) => {
      expect(value).toBeCloseTo(both[model.dim + i], 4)
    })
    expect(Math.max(...second)).toBeGreaterThan(0)
    expect(same(weights.arrays(), arrays)).toBe(true)
    weights.dispose()
  })

  it("refuses weights of another network, naming the first array that differs", () => {
    const arrays = initialWeights(model, 1)
    const check = (given: typeof arrays) => () => checkWeights(model, given, "other.safetensors")
    expect(check(arrays)).not.toThrow()
    expect(check(arrays.slice(1))).toThrow(
      "other.safetensors: has no array encoder.encoder_block0.0.weight, which resnet10-slim with 3 channels and 5 classes needs."
    )
    expect(check([...arrays, { ...arrays[0], name: "extra" }])).toThrow("has an array extra, which")
    const other = initialWeights(makeModel({ ...params, channels: 10 }), 1)
    expect(check(other)).toThrow("array encoder.encoder_block0.0.weight is [32, 10, 7, 7], but")
  })
})
