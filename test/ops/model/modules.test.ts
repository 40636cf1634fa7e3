import { beforeAll, describe, expect, it } from "vitest"
import { cbam } from "../../../src/ops/model/attentions/cbam.ts"
import { channelAttention, dual, positionAttention } from "../../../src/ops/model/attentions/dual.ts"
import { instanceBatchNorm } from "../../../src/ops/model/backbones/resnet-ibn.ts"
import { neck } from "../../../src/ops/model/heads/parts.ts"
import { channelGate } from "../../../src/ops/model/layers/gate.ts"
import { type Layer, relu } from "../../../src/ops/model/layers/layer.ts"
import { mbConv } from "../../../src/ops/model/layers/mbconv.ts"
import { gem } from "../../../src/ops/model/poolings.ts"
import { uploadArrays } from "../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { reference } from "../../reference.ts"
import { devices, opened } from "../tensor/with-engine.ts"
import { channelsFirst, near, norm, recordedInput, ruled, sizeOf } from "./recorded.ts"

interface Output {
  readonly shape: ReadonlyArray<number>
  readonly sample_stride: number
  readonly samples: ReadonlyArray<number>
  readonly l2: number
  readonly sum: number
}
interface Recorded {
  readonly name: string
  readonly key_prefix: string
  readonly keys: Readonly<Record<string, ReadonlyArray<number>>>
  readonly input_shape: ReadonlyArray<number>
  readonly outputs: ReadonlyArray<Output>
}
const { cases, ...rule } = reference<{
  readonly seed: number
  readonly input_phase: number
  readonly G: number
  readonly cases: ReadonlyArray<Recorded>
}>("modules.json")

/** An inverted residual block whose sizes are those of its arrays. */
const mobile = (name: string, { keys, input_shape, outputs }: Recorded): Layer => {
  const [from, to] = [input_shape[1], outputs[0].shape[1]]
  const stride = Math.round(input_shape[2] / outputs[0].shape[2])
  const [, , kernel] = keys["_depthwise_conv.weight"]
  return mbConv(name, { from, to, kernel, stride, expand: keys["_bn1.weight"][0] / from, skip: from === to })
}

/** The layers of a case, one for each of its outputs: all begin at its input but the second of `bnneck`. */
const layersOf = (recorded: Recorded): ReadonlyArray<Layer> => {
  const name = recorded.key_prefix.replace(/\.$/, "")
  const { keys } = recorded
  const channels = recorded.input_shape[1]
  switch (recorded.name) {
    case "cbam":
      return [cbam.build(name, channels)]
    case "da":
      return [dual.build(name, channels)]
    case "pa":
      return [positionAttention(name, channels)]
    case "ca":
      return [channelAttention(name)]
    case "gem":
      return [gem(`${name}.p`)]
    case "se":
      return [channelGate([`${name}.fc1`, `${name}.fc2`], channels, keys["fc1.bias"][0], relu)]
    case "ibn":
      return [instanceBatchNorm(name, channels)]
    case "bnneck": {
      const { parameters, embed, logits } = neck(name, channels, keys["fc1.bias"][0], keys["fc2.weight"][0])
      return [
        { parameters, apply: embed },
        { parameters: [], apply: (pass, x) => logits(pass, embed(pass, x)) }
      ]
    }
    default:
      return [mobile(name, recorded)]
  }
}

describe.each(devices)("modules give what the original's gave, on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it.each(cases)("$name", (recorded) => {
    const layers = layersOf(recorded)
    const parameters = layers.flatMap((layer) => layer.parameters)
    const names = parameters.map(({ name }) => name.slice(recorded.key_prefix.length))
    expect(Object.fromEntries(parameters.map(({ shape }, i) => [names[i], shape]))).toEqual(
      Object.fromEntries(Object.entries(recorded.keys).filter(([key]) => !key.endsWith("num_batches_tracked")))
    )
    const weights = uploadArrays(
      engine,
      parameters.map((parameter) => ruled(parameter, rule))
    )
    const [N, C, H, W] = recorded.input_shape
    const shape = H === undefined ? [N, C] : [N, H, W, C]
    layers.forEach((layer, i) => {
      const { shape: expected, sample_stride, samples, l2, sum } = recorded.outputs[i]
      const values = engine.scope(() => {
        const x = engine.tensor(recordedInput(recorded.input_shape, rule.input_phase), shape)
        return engine.read(layer.apply({ engine, get: weights.get, observe: undefined }, x))
      })
      expect(values.length).toBe(sizeOf(expected))
      const map = channelsFirst(values, expected)
      near(
        samples.map((_, j) => map[j * sample_stride]),
        samples
      )
      near([norm(map)], [l2])
      const total = (of: (value: number) => number) => map.reduce((all, value) => all + of(value), 0)
      near([total((value) => value)], [sum], total(Math.abs))
    })
    weights.dispose()
  })
})
