/** The definition that each backbone gives: its name, its output strides, and how its layers are built. */
import type { Layer } from "../layers/layer.ts"

/** The convolutional part of a network: images [n, h, w, channels] to features [n, h', w', width], stage by stage. */
export interface Encoder {
  readonly stages: ReadonlyArray<Layer>
  readonly width: number
}

/** Pixels of the input per pixel of the features, along one side. */
export type OutputStride = 8 | 16 | 32

export interface EncoderOptions {
  /** Bands of the input. */
  readonly channels: number
  /** A backbone that has only stride 32 ignores this option. */
  readonly outputStride: OutputStride
  /** Computes as the original does, its faults included. */
  readonly original: boolean
}

/** Everything that the rest of the program knows of a backbone. */
export interface Backbone<Name extends string = string> {
  /** Its name in configurations. */
  readonly name: Name
  readonly outputStrides: ReadonlyArray<OutputStride>
  readonly build: (options: EncoderOptions) => Encoder
}

/** Output strides of a backbone whose last stages can trade stride for dilation. */
export const ALL_STRIDES: ReadonlyArray<OutputStride> = [8, 16, 32]
