/** Blocks and stages of residual networks (He et al. 2016, table 1). */
import { convolution } from "../layers/convolution.ts"
import { type Layer, residual, sequence } from "../layers/layer.ts"
import { batchNorm } from "../layers/norm.ts"
import type { OutputStride } from "./backbone.ts"

/** Stride and dilation of the first block of a stage; later blocks have stride 1 and dilation 1. */
interface StageGeometry {
  readonly stride: number
  readonly dilation: number
}

/**
 * Strides and dilations of the four stages of a residual network. Dilation instead of stride follows Chen et al. 2017; the
 * choice of the dilated stages, and of their first blocks only, is the original's.
 */
const stageGeometries = (outputStride: OutputStride): ReadonlyArray<StageGeometry> => {
  const [third, fourth] = {
    32: [
      { stride: 2, dilation: 1 },
      { stride: 2, dilation: 1 }
    ],
    16: [
      { stride: 1, dilation: 1 },
      { stride: 2, dilation: 2 }
    ],
    8: [
      { stride: 1, dilation: 2 },
      { stride: 1, dilation: 4 }
    ]
  }[outputStride]
  return [{ stride: 1, dilation: 1 }, { stride: 2, dilation: 1 }, third, fourth]
}

/** Input channels and inner channels of a block, and its stage. */
export interface BlockPlace extends StageGeometry {
  readonly from: number
  readonly width: number
  /** The stage, 0 to 3. */
  readonly stage: number
}

/** A kind of block. Its output has `expansion` times its inner width. */
export interface BlockKind {
  readonly expansion: number
  readonly build: (name: string, place: BlockPlace) => Layer
}

/** 1x1 projection of the shortcut; `undefined` if stride, dilation and width are unchanged. */
const projection = (name: string, { from, stride, dilation }: BlockPlace, to: number): Layer | undefined => {
  if (stride === 1 && dilation === 1 && from === to) return undefined
  return sequence(convolution(`${name}.downsample.0`, from, to, 1, { stride }), batchNorm(`${name}.downsample.1`, to))
}

/** Block of two 3x3 convolutions; the first one has stride and dilation. */
export const basicBlock: BlockKind = {
  expansion: 1,
  build: (name, place) => {
    const { from, width, stride, dilation } = place
    const main = sequence(
      convolution(`${name}.conv1`, from, width, 3, { stride, dilation, padding: dilation }),
      batchNorm(`${name}.bn1`, width, { relu: true }),
      convolution(`${name}.conv2`, width, width, 3, { padding: 1 }),
      batchNorm(`${name}.bn2`, width)
    )
    return residual(main, projection(name, place, width))
  }
}

/**
 * Block of 1x1, 3x3 and 1x1 convolutions; the 3x3 has stride and dilation.
 *
 * @param firstNorm builds the norm after the first convolution, including ReLU
 */
export const bottleneck = (
  firstNorm: (name: string, channels: number, place: BlockPlace) => Layer = (name, channels) =>
    batchNorm(name, channels, { relu: true })
): BlockKind => ({
  expansion: 4,
  build: (name, place) => {
    const { from, width, stride, dilation } = place
    const main = sequence(
      convolution(`${name}.conv1`, from, width, 1),
      firstNorm(`${name}.bn1`, width, place),
      convolution(`${name}.conv2`, width, width, 3, { stride, dilation, padding: dilation }),
      batchNorm(`${name}.bn2`, width, { relu: true }),
      convolution(`${name}.conv3`, width, 4 * width, 1),
      batchNorm(`${name}.bn3`, 4 * width)
    )
    return residual(main, projection(name, place, 4 * width))
  }
})

export type Four = readonly [number, number, number, number]

/** The four stages, named `encoder.encoder_block1` to `4`; blocks within a stage are numbered from 0. */
export const blockStages = (
  kind: BlockKind,
  stem: number,
  widths: Four,
  blocks: Four,
  outputStride: OutputStride
): ReadonlyArray<Layer> => {
  const geometries = stageGeometries(outputStride)
  return widths.map((width, stage) =>
    sequence(
      ...Array.from({ length: blocks[stage] }, (_, block) => {
        const before = stage === 0 ? stem : widths[stage - 1] * kind.expansion
        const first = block === 0
        const geometry = first ? geometries[stage] : { stride: 1, dilation: 1 }
        const from = first ? before : width * kind.expansion
        return kind.build(`encoder.encoder_block${stage + 1}.${block}`, { ...geometry, from, width, stage })
      })
    )
  )
}
