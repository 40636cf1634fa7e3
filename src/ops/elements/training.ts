/** Training steps, and the state that resuming needs. */
import { type AnyElement, element } from "../../pipeline/element.ts"

/** A named float32 or int32 array with its shape: the form of weights and optimiser moments. */
export interface NamedArray {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Int32Array
}

/** The network of some weights: its parameters, and the meaning of its inputs and outputs. */
export interface NetworkFacts {
  readonly model: Readonly<Record<string, string | number>>
  /** Names of the input channels, in order. */
  readonly bands: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
}

/** How images are normalised before they enter a network. */
export interface Normalisation {
  /** Name of the constants, `none` if values are not normalised; for people, and to compare embeddings. */
  readonly by: string
  /** Mean and standard deviation of each band, in the order of the bands; absent if they are unknown. */
  readonly mean?: ReadonlyArray<number>
  readonly std?: ReadonlyArray<number>
}

/** How images reach the size that a network was trained on: resized to a square, or a square cut out of the centre. */
export type Sizing = { readonly resize: number } | { readonly crop: number }

/** The images that a network was trained on. */
export interface ImageFacts {
  /** Size in pixels. */
  readonly height: number
  readonly width: number
  /** Absent if they are unknown. */
  readonly normalisation?: Normalisation
  readonly sizing?: ReadonlyArray<Sizing>
}

/** The complete state after an epoch: training that resumes from it gives the same result as training without a stop. */
export interface TrainState {
  /** Number of finished epochs. */
  readonly epoch: number
  /** Number of finished optimiser steps. */
  readonly step: number
  readonly learningRate: number
  /** State of the schedule of the learning rate. */
  readonly schedule: Readonly<Record<string, number | null>>
  /** Key of every random draw. Draws depend on it alone, so it is the whole state of randomness. */
  readonly seed: number
  /** Parameters of `optimise`, with defaults filled in. */
  readonly configuration: Readonly<Record<string, unknown>>
  readonly network: NetworkFacts
  /** The training images; absent in checkpoints of older versions. */
  readonly images?: ImageFacts
  /** Weights and running statistics under their model names. */
  readonly weights: ReadonlyArray<NamedArray>
  /** Optimiser state: `m/NAME`, `v/NAME` of Adam, `velocity/NAME` of SGD. */
  readonly moments: ReadonlyArray<NamedArray>
}

/** One optimiser step. The last step of an epoch carries the state after it. */
export interface TrainStep extends AnyElement {
  readonly kind: "step"
  /** Index of the epoch, from 0. */
  readonly epoch: number
  /** Index of the step in the whole run, from 0. */
  readonly step: number
  readonly images: number
  readonly learningRate: number
  /** Weighted sum of both losses before the update. */
  readonly loss: number
  /** Losses on logits and on embeddings, without their weights; 0 if there is no such loss. */
  readonly idLoss: number
  readonly metricLoss: number
  /** The smallest value that the loss can take on this batch; NaN if no minimum is known. */
  readonly floor: number
  readonly state: TrainState | undefined
  /** Set by `validate`: figures on the validation pipeline, under the names of a report; NaN for an undefined figure. */
  readonly validation: Readonly<Record<string, number>> | undefined
}
export const TrainStep = element<TrainStep>(
  "step",
  "training steps",
  "losses of one optimiser step; at an epoch's end, the state"
)
