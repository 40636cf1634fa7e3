/** The interface of all tensor engines: the operations that networks and training need. */

import type { Team } from "../workers/loops.ts"
import type { AdamOptions, AdamState } from "./adam.ts"
import type { ConvOptions, PoolOptions } from "./geometry.ts"
import type { Graphs } from "./graphs.ts"
import type { Precision } from "./native/process.ts"
import type { Given, Normalised, NormOptions } from "./norm.ts"
import type { SgdOptions, SgdState } from "./sgd.ts"
import type { Tensor } from "./tfjs.ts"

/** A library beside the engine that runs whole networks and cannot train them. */
export interface Inference {
  /** Its name and version. */
  readonly library: string
  readonly threads: number
  /** Whether the user named it. Then a network that it cannot run is an error, and so is training. */
  readonly named: boolean
}

/**
 * Operations on float32 tensors. All of them, `gradients` included, are called inside `scope`, which frees every tensor
 * made in it; tensors that must live longer go through `keep` and later `dispose`. Images are [N, H, W, C], convolution
 * filters [KH, KW, C, O]. Shapes that do not fit throw a RangeError.
 */
export interface Engine {
  readonly name: string
  /** Version of the library behind it. */
  readonly version: string
  /** Threads of one operation. */
  readonly threads: number
  /** Number of threads with an engine of their own that independent batches may be distributed to; 1: this thread only. */
  readonly workers: number
  readonly precision: Precision
  /** Whether it computes on a GPU. */
  readonly gpu: boolean
  /** Whole networks as recorded functions; undefined if every operation runs by itself. */
  readonly graphs: Graphs | undefined
  /** What computes embeddings in place of the engine; undefined if the engine does. */
  readonly inference: Inference | undefined
  /** One line that says what runs, and why no faster engine does. */
  readonly why: string
  /**
   * Lets large convolutions on WebAssembly use threads, with the same results bit for bit; other engines have threads of their
   * own. Returns a function that ends it.
   *
   * @param team undefined to compute on this thread alone
   */
  readonly share: (team: Team | undefined) => () => void

  readonly scope: <A>(body: () => A) => A
  readonly keep: (tensor: Tensor) => Tensor
  readonly dispose: (tensors: Iterable<Tensor>) => void
  /** Number of tensors alive, for tests of leaks. */
  readonly live: () => number
  /** Bytes of tensors that the engine can hold at one time; `undefined` if it has no such limit. */
  readonly limit: number | undefined
  /** Runs `body` and returns the peak of tensor memory in bytes; `undefined` if the engine does not count. */
  readonly peak: (body: () => unknown) => number | undefined

  /** A tensor of values, row-major. It may go on using the array, which must not change afterwards. */
  readonly tensor: (values: Float32Array, shape: ReadonlyArray<number>) => Tensor
  /** A tensor with a copy of the values; the array may change afterwards. */
  readonly copied: (values: Float32Array, shape: ReadonlyArray<number>) => Tensor
  /** A copy of the values, row-major. */
  readonly read: (tensor: Tensor) => Float32Array
  /** Copies the values to memory that is large enough. New memory for every large tensor would keep the garbage collector busy. */
  readonly readInto: (tensor: Tensor, room: Float32Array) => void
  /**
   * Returns the value of `body` and its gradients with respect to `inputs`; `undefined` for an input that it does not use.
   */
  readonly gradients: (
    body: () => Tensor,
    inputs: ReadonlyArray<Tensor>
  ) => { readonly value: Tensor; readonly gradients: ReadonlyArray<Tensor | undefined> }
  /** Returns the sum of tensor times given values over all elements; this is how a gradient from elsewhere enters. */
  readonly weightedSum: (tensor: Tensor, values: Float32Array) => Tensor

  readonly conv2d: (x: Tensor, w: Tensor, options: ConvOptions) => Tensor
  readonly maxPool: (x: Tensor, options: PoolOptions) => Tensor
  /** [N, H, W, C] to [N, C]. */
  readonly globalAveragePool: (x: Tensor) => Tensor
  /** Batch norm by the batch's own statistics, which are returned as well; the caller disposes them. Default epsilon: 1e-5. */
  readonly batchNorm: (x: Tensor, gamma: Tensor, beta: Tensor, options: NormOptions) => Normalised
  /** Batch norm by given statistics; it has no gradient. Default epsilon: 1e-5. */
  readonly normalise: (x: Tensor, given: Given, options: NormOptions) => Tensor
  /** Instance norm: each image and channel by its own mean and variance, in training and in inference. */
  readonly instanceNorm: (x: Tensor, gamma: Tensor, beta: Tensor, options: NormOptions) => Tensor
  readonly relu: (x: Tensor) => Tensor
  readonly addRelu: (a: Tensor, b: Tensor) => Tensor
  /** Returns a [n, k] times b [k, m]. */
  readonly matMul: (a: Tensor, b: Tensor) => Tensor
  /** Returns (1 - share) a + share b, for running statistics; it has no gradient. */
  readonly blend: (a: Tensor, b: Tensor, share: number) => Tensor
  /** One update by Adam; returns new tensors. */
  readonly adam: (state: AdamState<Tensor>, gradient: Tensor, options: AdamOptions) => AdamState<Tensor>
  /** One update by SGD with momentum; returns new tensors. */
  readonly sgd: (state: SgdState<Tensor>, gradient: Tensor, options: SgdOptions) => SgdState<Tensor>
}
