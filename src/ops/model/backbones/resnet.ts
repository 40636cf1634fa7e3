/** ResNet (He et al. 2016). The 3x3 convolution of a bottleneck has the stride, as in torchvision. */
import { convolution } from "../layers/convolution.ts"
import { maxPool, sequence } from "../layers/layer.ts"
import { batchNorm } from "../layers/norm.ts"
import { ALL_STRIDES, type Backbone, type Encoder, type OutputStride } from "./backbone.ts"
import { type BlockKind, basicBlock, blockStages, bottleneck, type Four } from "./residual.ts"

/**
 * Stem (7x7 stride 2, batch norm, ReLU, 3x3 max-pool stride 2) and four stages.
 *
 * @param channels number of bands of the input
 * @param widths inner channels of the four stages; the stem has as many as the first stage
 * @param blocks number of blocks of each stage
 */
export const residualNetwork = (
  kind: BlockKind,
  channels: number,
  widths: Four,
  blocks: Four,
  outputStride: OutputStride
): Encoder => {
  const stem = sequence(
    convolution("encoder.encoder_block0.0", channels, widths[0], 7, { stride: 2, padding: 3 }),
    batchNorm("encoder.encoder_block0.1", widths[0], { relu: true }),
    maxPool({ size: 3, stride: 2, padding: 1 })
  )
  const stages = blockStages(kind, widths[0], widths, blocks, outputStride)
  return { stages: [stem, ...stages], width: widths[3] * kind.expansion }
}

const resnet = <Name extends string>(
  name: Name,
  kind: BlockKind,
  blocks: Four,
  widths: Four = [64, 128, 256, 512]
): Backbone<Name> => ({
  name,
  outputStrides: ALL_STRIDES,
  build: ({ channels, outputStride }) => residualNetwork(kind, channels, widths, blocks, outputStride)
})

export const resnets = [
  /** Half the usual width and one basic block per stage: 1.2 million weights, for computers without a GPU. */
  resnet("resnet10-slim", basicBlock, [1, 1, 1, 1], [32, 64, 128, 256]),
  resnet("resnet18", basicBlock, [2, 2, 2, 2]),
  resnet("resnet34", basicBlock, [3, 4, 6, 3]),
  resnet("resnet50", bottleneck(), [3, 4, 6, 3]),
  resnet("resnet101", bottleneck(), [3, 4, 23, 3]),
  resnet("resnet152", bottleneck(), [3, 8, 36, 3])
] as const
