/** What training gives, and what it needs to go on. */
import { type AnyElement, element } from "../../pipeline/element.ts"

/** A named float32 or int32 array with its shape: how weights and optimiser moments travel and are saved. */
export interface NamedArray {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | Int32Array
}

/** What weights belong to: the network's parameters, and what its inputs and outputs stand for. */
export interface NetworkFacts {
  readonly model: Readonly<Record<string, string | number>>
  /** Names of the input channels, in order. */
  readonly bands: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
}

/** Everything that training needs to go on after an epoch as if it had never stopped. */
export interface TrainState {
  /** Epochs done. */
  readonly epoch: number
  /** Optimiser steps done. */
  readonly step: number
  readonly learningRate: number
  /** What the schedule of the rate remembers. */
  readonly schedule: Readonly<Record<string, number | null>>
  /** Key of every random draw: draws are made anew from it, so that it is the whole state of randomness. */
  readonly seed: number
  /** Parameters of `optimise`, as resolved. */
  readonly configuration: Readonly<Record<string, unknown>>
  readonly network: NetworkFacts
  /** Weights and running statistics under their model names. */
  readonly weights: ReadonlyArray<NamedArray>
  /** Optimiser state: `m/NAME`, `v/NAME` of Adam, `velocity/NAME` of SGD. */
  readonly moments: ReadonlyArray<NamedArray>
}

/** One optimiser step. The last step of an epoch carries the state after it. */
export interface TrainStep extends AnyElement {
  readonly kind: "step"
  /** 0-based. */
  readonly epoch: number
  /** 0-based over the whole run. */
  readonly step: number
  readonly images: number
  readonly learningRate: number
  /** Weighted sum of both losses before the update. */
  readonly loss: number
  /** On logits and on embeddings, before their weights; 0 where there is none. */
  readonly idLoss: number
  readonly metricLoss: number
  /** The smallest value that the loss can take on this batch; NaN where it has no known floor. */
  readonly floor: number
  readonly state: TrainState | undefined
  /** Set by `validate`: figures on the validation pipeline, under the names of a report; NaN where one is undefined. */
  readonly validation: Readonly<Record<string, number>> | undefined
}
export const TrainStep = element<TrainStep>(
  "step",
  "training steps",
  "losses of one optimiser step; at an epoch's end, the state"
)
