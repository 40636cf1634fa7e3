import { Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { type BackboneName, backboneNames } from "../../../src/ops/model/backbones.ts"
import { sequence } from "../../../src/ops/model/layers/layer.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import { ModelParams } from "../../../src/ops/model/params.ts"
import { uploadArrays } from "../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { check } from "../../../src/pipeline/check.ts"
import { noise, opened } from "../tensor/with-engine.ts"
import { near, ruled } from "./recorded.ts"

const basis = { pooling: "avg", channels: 3, num_classes: 2 } as const
const swish = (x: number): number => x / (1 + Math.exp(-x))

describe("an EfficientNet of our own", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })
  const params = { ...basis, backbone: "efficientnet-b0" } as const
  const [ours, theirs] = [makeModel(params), makeModel({ ...params, compat: "original" })]

  it("has the arrays of the original's", () => {
    expect(ours.parameters.map(({ name }) => name)).toEqual(theirs.parameters.map(({ name }) => name))
  })

  it("has an activation after the last batch norm, and one after the first", () => {
    const weights = uploadArrays(
      engine,
      ours.parameters.map((parameter) => ruled(parameter, { seed: 4, G: 7 }))
    )
    const pass = { engine, get: weights.get, observe: undefined }
    engine.scope(() => {
      const images = engine.tensor(Float32Array.from(noise([1, 48, 40, 3], 1).data), [1, 48, 40, 3])
      const features = sequence(...theirs.stages.slice(0, -1)).apply(pass, images)
      const [made, plain] = [ours, theirs].map(({ stages }) =>
        engine.read((stages.at(-1) as (typeof stages)[number]).apply(pass, features))
      )
      near(made, plain.map(swish))
      // The first stage begins with convolution and norm; fed through both, it differs by what is between them.
      const [first, bare] = [ours, theirs].map(({ stages }) => engine.read(stages[0].apply(pass, images)))
      expect(Math.max(...first.map((value, i) => Math.abs(value - bare[i])))).toBeGreaterThan(1e-2)
    })
    weights.dispose()
  })
})

describe("parameters of a network", () => {
  const problems = (given: Readonly<Record<string, unknown>>) =>
    Result.match(check(ModelParams as never, { ...basis, backbone: "resnet18", ...given }), {
      onSuccess: () => "",
      onFailure: (misfits) => misfits.map(({ problem }) => problem).join()
    })

  it("may leave out all that have defaults", () => {
    expect(problems({})).toBe("")
    const { params } = makeModel({ ...basis, backbone: "resnet18" })
    expect(params).toMatchObject({ output_stride: 32, module: "none", parts: "[[1,1,1]]", compat: "none" })
  })

  it("are refused where a backbone has no such stride, unless as the original did", () => {
    const fixed = ["vgg16", "vgg19", "resnet50_ibn_a", "resnet101_ibn_a", "resnet152_ibn_a"]
    for (const backbone of backboneNames as ReadonlyArray<BackboneName>) {
      expect([backbone, problems({ backbone, output_stride: 16 }) !== ""]).toEqual([backbone, fixed.includes(backbone)])
      expect(problems({ backbone, output_stride: 8, compat: "original" })).toBe("")
      expect(problems({ backbone, output_stride: 32 })).toBe("")
    }
    expect(problems({ backbone: "vgg16", output_stride: 16 })).toContain("output_stride (8 or 16 not for vgg and ibn)")
    expect(problems({ output_stride: 4 })).not.toBe("")
    expect(problems({ parts: [] })).not.toBe("")
    expect(problems({ parts: [[1, 0, 1]] })).not.toBe("")
  })
})
