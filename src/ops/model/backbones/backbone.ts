/** What a backbone is: the convolutional part of a network. */
import type { Layer } from "../layers/layer.ts"

/** Images [n, h, w, channels] to features [n, h', w', width], stage by stage. */
export interface Encoder {
  readonly stages: ReadonlyArray<Layer>
  readonly width: number
}

export type OutputStride = 8 | 16 | 32

export interface EncoderOptions {
  /** Bands of the input. */
  readonly channels: number
  /** Pixels of the input for one of the features; backbones that have only one take it as 32. */
  readonly outputStride: OutputStride
  /** As the published system computed, its flaws included. */
  readonly original: boolean
}

export type Backbone = (options: EncoderOptions) => Encoder

export interface StageGeometry {
  /** Of the first block. */
  readonly stride: number
  /** Of the first block; later blocks have none. */
  readonly dilation: number
}

/**
 * Strides and dilations of the four stages of a residual network (Chen et al. 2017 trade stride for dilation; which of
 * them are dilated, and that only first blocks are, is the original's choice).
 */
export const stageGeometries = (outputStride: OutputStride): ReadonlyArray<StageGeometry> => {
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
