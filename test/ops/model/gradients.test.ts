import { beforeAll, describe, expect, it } from "vitest"
import { cbam } from "../../../src/ops/model/attentions/cbam.ts"
import { dual } from "../../../src/ops/model/attentions/dual.ts"
import { instanceBatchNorm } from "../../../src/ops/model/backbones/resnet-ibn.ts"
import { backbones } from "../../../src/ops/model/backbones.ts"
import { partsHead } from "../../../src/ops/model/heads/parts.ts"
import { channelGate } from "../../../src/ops/model/layers/gate.ts"
import { type Layer, relu, sequence } from "../../../src/ops/model/layers/layer.ts"
import { mbConv } from "../../../src/ops/model/layers/mbconv.ts"
import { poolings } from "../../../src/ops/model/poolings.ts"
import { toFile } from "../../../src/ops/model/weights/layout.ts"
import { uploadArrays } from "../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
import { devices, noise, opened } from "../tensor/with-engine.ts"
import { ruled, sizeOf } from "./recorded.ts"

const CHANNELS = 32
const head = partsHead(
  poolings.gem.layer,
  CHANNELS,
  [
    [1, 1, 1],
    [2, 1, 2]
  ],
  6,
  3
)
const layers: Readonly<Record<string, Layer>> = {
  "max pooling": poolings.max.layer,
  "GeM pooling": poolings.gem.layer,
  CBAM: cbam.build("a", CHANNELS),
  "dual attention": dual.build("a", CHANNELS),
  "squeeze and excitation": channelGate(["a", "b"], CHANNELS, 4, relu),
  "instance and batch norm": instanceBatchNorm("a", CHANNELS),
  "an inverted residual block": mbConv("a", {
    from: CHANNELS,
    to: CHANNELS,
    kernel: 3,
    stride: 1,
    expand: 2,
    skip: true
  }),
  "one with a stride": mbConv("a", { from: CHANNELS, to: 8, kernel: 5, stride: 2, expand: 1, skip: false }),
  "the part-based head": {
    parameters: head.parameters,
    apply: (pass, features) => head.predict(pass, features).logits
  }
}

/** A layer's weighted sum over its output, in training, and its gradients if asked. */
const evaluated = (engine: Engine, layer: Layer, arrays: ReadonlyArray<Float32Array>, x: Float32Array) => {
  const shape = [2, 5, 4, CHANNELS]
  const weights = uploadArrays(
    engine,
    layer.parameters.map(({ name, shape }, i) => ({ name, shape, data: arrays[i] }))
  )
  const seen: Array<Tensor> = []
  const pass = { engine, get: weights.get, observe: (_: string, tensor: Tensor) => void seen.push(tensor) }
  const trained = layer.parameters.filter(({ role }) => role === "weight").map(({ name }) => name)
  const found = engine.scope(() => {
    const input = engine.tensor(x, shape)
    const { value, gradients } = engine.gradients(() => {
      const y = layer.apply(pass, input)
      return engine.weightedSum(y, Float32Array.from(noise(y.shape, 5).data))
    }, [input, ...trained.map(weights.get)])
    return { value: engine.read(value)[0], gradients: gradients.map((one) => engine.read(one as Tensor)) }
  })
  engine.dispose(seen)
  const arraysOf = new Map(trained.map((name, i) => [name, found.gradients[i + 1]]))
  weights.dispose()
  return { value: found.value, ofInput: found.gradients[0], of: arraysOf }
}

describe.each(devices)("gradients in training, on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it.each(Object.entries(layers))("of %s are those of differences, and leave no tensor behind", (_, layer) => {
    const arrays = layer.parameters.map((parameter) => ruled(parameter, { seed: 3, G: 3 }).data)
    const x = Float32Array.from(noise([2, 5, 4, CHANNELS], 1, 0.4).data)
    const before = engine.live()
    const { ofInput, of } = evaluated(engine, layer, arrays, x)
    expect(engine.live()).toBe(before)
    // Small, since maxima and activations have kinks; what float32 loses to it is allowed for.
    const h = 1e-4
    const check = (label: string, gradient: Float32Array, moved: (step: Float32Array) => number) => {
      const { data } = noise([gradient.length], 8)
      const slope = gradient.reduce((sum, g, i) => sum + g * data[i], 0)
      const along = (size: number) => moved(Float32Array.from(data, (d) => size * d))
      const scale = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0))
      expect(Math.abs(slope - (along(h) - along(-h)) / (2 * h)), label).toBeLessThanOrEqual(0.03 * scale + 0.06)
    }
    const shifted = (values: Float32Array, step: Float32Array) => values.map((value, i) => value + step[i])
    check("input", ofInput, (step) => evaluated(engine, layer, arrays, shifted(x, step)).value)
    layer.parameters.forEach(({ name, shape }, at) => {
      const gradient = of.get(name)
      if (gradient === undefined) return
      check(name, toFile(gradient, shape), (step) => {
        const changed = arrays.map((array, i) => (i === at ? shifted(array, step) : array))
        return evaluated(engine, layer, changed, x).value
      })
    })
  })
})

describe("every family", () => {
  it.each(["resnet18", "resnet50_ibn_a", "se_resnext50_32x4d", "efficientnet-b0"] as const)(
    "trains each of its weights: %s",
    async (name) => {
      const engine = await opened(devices.includes("tensorflow") ? "tensorflow" : "wasm")
      const { stages } = backbones[name].build({ channels: 2, outputStride: 32, original: false })
      const network = sequence(...stages)
      const weights = uploadArrays(
        engine,
        network.parameters.map((parameter) => ruled(parameter, { seed: 1, G: 6 }))
      )
      const trained = network.parameters.filter(({ role }) => role === "weight")
      const statistics = new Set<string>()
      const before = engine.live()
      engine.scope(() => {
        const observe = (statistic: string, tensor: Tensor) => {
          statistics.add(statistic)
          engine.dispose([tensor])
        }
        const pass = { engine, get: weights.get, observe }
        const images = engine.tensor(Float32Array.from(noise([2, 40, 48, 2], 4).data), [2, 40, 48, 2])
        const { gradients } = engine.gradients(
          () => {
            const y = network.apply(pass, images)
            return engine.weightedSum(y, Float32Array.from(noise(y.shape, 6).data))
          },
          trained.map((one) => weights.get(one.name))
        )
        gradients.forEach((gradient, i) => {
          const { name: weight, shape } = trained[i]
          const values = gradient === undefined ? new Float32Array(0) : engine.read(gradient)
          expect([weight, values.length]).toEqual([weight, sizeOf(shape)])
          expect([weight, values.every(Number.isFinite), values.some((g) => g !== 0)]).toEqual([weight, true, true])
        })
      })
      expect(engine.live()).toBe(before)
      expect([...statistics]).toEqual(network.parameters.filter(({ role }) => role === "statistic").map((p) => p.name))
      weights.dispose()
    }
  )
})
