/**
 * Squeeze-and-excitation networks (Hu et al. 2018): SE-ResNet, SE-ResNeXt and SENet-154 in the layout of the Caffe models,
 * which published weights use.
 */
import { convolution } from "../layers/convolution.ts"
import { channelGate } from "../layers/gate.ts"
import { fixed, type Layer, relu, residual, sequence } from "../layers/layer.ts"
import { batchNorm } from "../layers/norm.ts"
import { ALL_STRIDES, type Backbone } from "./backbone.ts"
import { type BlockKind, type BlockPlace, blockStages, type Four } from "./residual.ts"

/** Number of channels per hidden unit of the gate. */
const REDUCTION = 16
const EXPANSION = 4

/** 3x3 max pooling with stride 2. The last window may reach over the bottom and right edge: Caffe rounds lengths up. */
const stemPool: Layer = fixed(({ engine }, x) => {
  const [, H = 0, W = 0] = x.shape
  const over = (length: number) => (length % 2 === 0 ? 1 : 0)
  return engine.maxPool(x, { size: 3, stride: 2, padding: [0, over(H), 0, over(W)] })
})

/** Widths of the convolutions of a block, and the position of its stride. */
interface Widths {
  readonly first: number
  readonly second: number
  readonly groups: number
  /** Whether the first convolution, 1x1, has the stride; dilation then has no effect. */
  readonly strideFirst: boolean
  /** Edge of the projection's filter in all stages but the first. */
  readonly projection: 1 | 3
}

const projected = (name: string, place: BlockPlace, kernel: 1 | 3): Layer | undefined => {
  const { from, width, stride, stage } = place
  const to = width * EXPANSION
  if (stride === 1 && from === to) return undefined
  const size = stage === 0 ? 1 : kernel
  return sequence(
    convolution(`${name}.downsample.0`, from, to, size, { stride, padding: (size - 1) / 2 }),
    batchNorm(`${name}.downsample.1`, to)
  )
}

/** Bottleneck with a gate before the shortcut is added. */
const gated = (widthsOf: (width: number) => Widths): BlockKind => ({
  expansion: EXPANSION,
  build: (name, place) => {
    const { from, width, stride, dilation } = place
    const { first, second, groups, strideFirst, projection } = widthsOf(width)
    const to = width * EXPANSION
    const spread = strideFirst ? { padding: 1 } : { stride, dilation, padding: dilation }
    const main = sequence(
      convolution(`${name}.conv1`, from, first, 1, { stride: strideFirst ? stride : 1 }),
      batchNorm(`${name}.bn1`, first, { relu: true }),
      convolution(`${name}.conv2`, first, second, 3, { ...spread, groups }),
      batchNorm(`${name}.bn2`, second, { relu: true }),
      convolution(`${name}.conv3`, second, to, 1),
      batchNorm(`${name}.bn3`, to),
      channelGate([`${name}.se_module.fc1`, `${name}.se_module.fc2`], to, to / REDUCTION, relu)
    )
    return residual(main, projected(name, place, projection))
  }
})

const seResNet = gated((width) => ({ first: width, second: width, groups: 1, strideFirst: true, projection: 1 }))
/** 32 groups of 4 channels in the first stage. */
const seResNeXt = gated((width) => {
  const wide = (width / 64) * 4 * 32
  return { first: wide, second: wide, groups: 32, strideFirst: false, projection: 1 }
})
const senet = gated((width) => ({
  first: 2 * width,
  second: 4 * width,
  groups: 64,
  strideFirst: false,
  projection: 3
}))

const STEM = "encoder.encoder_block0"

/** Stem of one 7x7 convolution. */
const shortStem = (channels: number): Layer =>
  sequence(
    convolution(`${STEM}.conv1`, channels, 64, 7, { stride: 2, padding: 3 }),
    batchNorm(`${STEM}.bn1`, 64, { relu: true })
  )

/** Stem of three 3x3 convolutions. */
const longStem = (channels: number): Layer =>
  sequence(
    convolution(`${STEM}.conv1`, channels, 64, 3, { stride: 2, padding: 1 }),
    batchNorm(`${STEM}.bn1`, 64, { relu: true }),
    convolution(`${STEM}.conv2`, 64, 64, 3, { padding: 1 }),
    batchNorm(`${STEM}.bn2`, 64, { relu: true }),
    convolution(`${STEM}.conv3`, 64, 128, 3, { padding: 1 }),
    batchNorm(`${STEM}.bn3`, 128, { relu: true })
  )

interface Stem {
  readonly build: (channels: number) => Layer
  readonly width: number
}

const SHORT: Stem = { build: shortStem, width: 64 }
const LONG: Stem = { build: longStem, width: 128 }

const gatedNetwork = <Name extends string>(
  name: Name,
  kind: BlockKind,
  blocks: Four,
  stem: Stem = SHORT
): Backbone<Name> => ({
  name,
  outputStrides: ALL_STRIDES,
  build: ({ channels, outputStride }) => {
    const widths: Four = [64, 128, 256, 512]
    const stages = blockStages(kind, stem.width, widths, blocks, outputStride)
    return { stages: [sequence(stem.build(channels), stemPool), ...stages], width: widths[3] * EXPANSION }
  }
})

export const senets = [
  gatedNetwork("se_resnet50", seResNet, [3, 4, 6, 3]),
  gatedNetwork("se_resnet101", seResNet, [3, 4, 23, 3]),
  gatedNetwork("se_resnet152", seResNet, [3, 8, 36, 3]),
  gatedNetwork("se_resnext50_32x4d", seResNeXt, [3, 4, 6, 3]),
  gatedNetwork("se_resnext101_32x4d", seResNeXt, [3, 4, 23, 3]),
  gatedNetwork("senet154", senet, [3, 8, 36, 3], LONG)
] as const
