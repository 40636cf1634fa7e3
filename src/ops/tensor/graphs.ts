/** The interface of engines that run whole networks as recorded functions. */
import type { Tensor } from "./tfjs.ts"

/** The operations of an engine that graphs use; see `Engine`. */
export interface Tools {
  readonly scope: <A>(body: () => A) => A
  readonly keep: (tensor: Tensor) => Tensor
  readonly dispose: (tensors: Iterable<Tensor>) => void
  readonly tensor: (values: Float32Array, shape: ReadonlyArray<number>) => Tensor
  readonly read: (tensor: Tensor) => Float32Array
}

/** A network without gradients. */
export interface Forward {
  /** Images to outputs. It has no other effect. */
  readonly run: (images: Tensor) => ReadonlyArray<Tensor>
  /** All tensors that `run` may read. They do not change as long as the network is applied. */
  readonly weights: () => ReadonlyArray<Tensor>
}

/** A network without gradients that is applied to many batches. */
export interface Applied {
  /** Images to outputs; called inside a scope. */
  readonly run: Forward["run"]
  /**
   * As `run`, on another thread; undefined for images that only `run` can take. It is called inside a scope. The caller disposes the
   * outputs, which have the bits that `run` gives.
   */
  readonly start: (images: Tensor) => Promise<ReadonlyArray<Tensor>> | undefined
  /** Frees what the engine holds of the network beside its weights. */
  readonly dispose: () => void
}

/** A network in training. */
export interface Trainable {
  /** Images to outputs. Statistics are handed to `observe`, which owns them, and have no gradients. */
  readonly run: (images: Tensor, observe: (name: string, seen: Tensor) => void) => ReadonlyArray<Tensor>
  /** All tensors that `run` may read, in an order that does not change. */
  readonly weights: () => ReadonlyArray<Tensor>
  /** The tensors that gradients are computed for. */
  readonly trained: () => ReadonlyArray<Tensor>
  /** Whether the loss depends on an output, by its place among them. */
  readonly wanted: (output: number) => boolean
  /** Whether passes also check that all gradients are finite. */
  readonly checked: boolean
}

/** The outputs' values to the derivatives of the loss with respect to them; undefined for those that are not wanted. */
export type SlopesOf = (values: ReadonlyArray<Float32Array>) => ReadonlyArray<Float32Array | undefined>

/** Kept tensors, which the caller disposes. */
export interface Passed {
  /** In the order of `trained`; undefined for tensors that the loss does not depend on. */
  readonly gradients: ReadonlyArray<Tensor | undefined>
  readonly seen: ReadonlyArray<readonly [name: string, tensor: Tensor]>
  /** One boolean, whether all gradients are finite; undefined if that is not checked. */
  readonly finite: Tensor | undefined
}

/** Passes through a network in training. Both open a scope of their own. */
export interface TrainingPasses {
  /** The values of all outputs, for losses over several batches. */
  readonly outputs: (values: Float32Array, shape: ReadonlyArray<number>) => ReadonlyArray<Float32Array>
  readonly gradients: (values: Float32Array, shape: ReadonlyArray<number>, slopesOf: SlopesOf) => Passed
}

/** Networks as recorded functions. */
export interface Graphs {
  readonly forward: (tools: Tools, network: Forward) => Applied
  /** @param passesOf passes operation by operation */
  readonly training: (
    tools: Tools,
    network: Trainable,
    passesOf: (network: Trainable) => TrainingPasses
  ) => TrainingPasses
  /** Batches that are worth computing at a time: while one waits for the last thread of an operation, another one computes. */
  readonly together: number
  /** Why some shapes run operation by operation; each reason once. */
  readonly refused: () => ReadonlyArray<string>
  /** Number of functions that are held now. */
  readonly functions: () => number
}
