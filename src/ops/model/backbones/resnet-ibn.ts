/**
 * ResNet-IBN-a (Pan et al. 2018): in the first three stages, the first norm of a bottleneck is instance norm on half of the
 * channels. Only output stride 32 exists.
 */
import { concat, slice } from "../../tensor/elementwise.ts"
import { type Layer, relu, sequence } from "../layers/layer.ts"
import { batchNorm, instanceNorm } from "../layers/norm.ts"
import type { Backbone } from "./backbone.ts"
import { bottleneck, type Four } from "./residual.ts"
import { residualNetwork } from "./resnet.ts"

/** Instance norm on the first half of the channels, batch norm on the second. */
export const instanceBatchNorm = (name: string, channels: number): Layer => {
  const half = Math.floor(channels / 2)
  const first = instanceNorm(`${name}.IN`, half)
  const second = batchNorm(`${name}.BN`, channels - half)
  return {
    parameters: [...first.parameters, ...second.parameters],
    apply: (pass, x) => {
      const [N = 0, H = 0, W = 0] = x.shape
      const cut = (from: number, size: number) => slice(x, [0, 0, 0, from], [N, H, W, size])
      return concat([first.apply(pass, cut(0, half)), second.apply(pass, cut(half, channels - half))], 3)
    }
  }
}

const block = bottleneck((name, channels, { stage }) =>
  stage === 3 ? batchNorm(name, channels, { relu: true }) : sequence(instanceBatchNorm(name, channels), relu)
)

const ibn = <Name extends string>(name: Name, blocks: Four): Backbone<Name> => ({
  name,
  outputStrides: [32],
  build: ({ channels }) => residualNetwork(block, channels, [64, 128, 256, 512], blocks, 32)
})

export const ibnResnets = [
  ibn("resnet50_ibn_a", [3, 4, 6, 3]),
  ibn("resnet101_ibn_a", [3, 4, 23, 3]),
  ibn("resnet152_ibn_a", [3, 8, 36, 3])
] as const
