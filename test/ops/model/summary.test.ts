import { beforeAll, describe, expect, it } from "vitest"
import { backboneNames } from "../../../src/ops/model/backbones.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import { summarise } from "../../../src/ops/model/summary.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { opened } from "../tensor/with-engine.ts"
import { cases, modelOf } from "./cases.ts"
import { sizeOf } from "./recorded.ts"

describe("the summary of a network", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("cpu")
  })

  it.each(cases)("has the sizes that were recorded: $id", (one) => {
    const model = modelOf(one)
    const [, C, H, W] = one.input
    const before = engine.live()
    const { dim, fewer, head, problem, stages, statistics, trained } = summarise(engine, model, H, W)
    expect(engine.live()).toBe(before)
    const maps = [...one.stages, one.after_module ?? null].filter((map) => map !== null)
    expect(stages.map(({ output: [h, w, c] }) => [c, h, w])).toEqual(maps.map(({ shape }) => shape.slice(1)))
    expect(model.params.channels).toBe(C)
    const sizes = model.parameters.map(({ shape }) => sizeOf(shape)).reduce((a, b) => a + b)
    expect(stages.reduce((sum, { parameters }) => sum + parameters, head)).toBe(sizes)
    expect(trained + statistics).toBe(sizes)
    // Fewer pieces than the splits ask for make a shorter embedding.
    const length = one.local === undefined ? model.dim : one.extract.length
    expect([problem, dim]).toEqual([undefined, length])
    expect(fewer.length > 0).toBe(length < model.dim)
  })

  it.each(backboneNames)("is there for every backbone, of three bands and of ten: %s", (backbone) => {
    const [three, ten] = [3, 10].map((channels) => {
      const model = makeModel({ backbone, pooling: "avg", channels, num_classes: 19 })
      const { dim, problem, stages, trained } = summarise(engine, model, 64, 64)
      expect([problem, dim]).toEqual([undefined, stages.at(-1)?.output[2]])
      return { trained, first: model.parameters[0].shape }
    })
    // Bands more are inputs more of the first filter, and nothing else.
    const [outputs, , height, width] = three.first
    expect(ten.first).toEqual([outputs, 10, height, width])
    expect(ten.trained - three.trained).toBe(outputs * 7 * height * width)
  })

  it("says how many pieces come of parts that the feature map is too small for", () => {
    const parts = [
      [1, 1, 1],
      [1, 3, 1]
    ] as const
    const model = makeModel({ backbone: "resnet18", pooling: "avg", channels: 3, num_classes: 2, parts })
    const small = summarise(engine, model, 64, 64)
    expect([small.problem, small.dim]).toEqual([undefined, (1 + 2 + 2) * 256])
    expect(small.fewer).toEqual([{ split: [1, 3, 1], pieces: [1, 2, 1] }])
    const large = summarise(engine, model, 96, 96)
    expect([large.fewer, large.dim]).toEqual([[], (1 + 3 + 2) * 256])
  })
})
