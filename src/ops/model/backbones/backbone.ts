/** The form of a backbone: its name, its output strides and the function that builds its layers. */
import type { Layer } from "../layers/layer.ts"

/** The convolutional part of a network: images [n, h, w, channels] to features [n, h', w', width], stage by stage. */
export interface Encoder {
  readonly stages: ReadonlyArray<Layer>
  readonly width: number
}

/** Input pixels per cell of the feature map, along one axis. */
export type OutputStride = 8 | 16 | 32

export interface EncoderOptions {
  /** Number of bands of the input. */
  readonly channels: number
  /** A backbone that has only stride 32 ignores this option. */
  readonly outputStride: OutputStride
  /** Whether it computes as the original does, faults included. */
  readonly original: boolean
}

/** Definition of a backbone. */
export interface Backbone<Name extends string = string> {
  /** Its name in configurations. */
  readonly name: Name
  readonly outputStrides: ReadonlyArray<OutputStride>
  readonly build: (options: EncoderOptions) => Encoder
}

/** Output strides of a backbone whose last stages can have dilation instead of stride. */
export const ALL_STRIDES: ReadonlyArray<OutputStride> = [8, 16, 32]
