/** The one interface that every tensor engine has: what networks and training need of it. */
import type { AdamOptions, AdamState } from "./adam.ts"
import type { ConvOptions, PoolOptions } from "./geometry.ts"
import type { Precision } from "./native/process.ts"
import type { Given, Normalised, NormOptions } from "./norm.ts"
import type { SgdOptions, SgdState } from "./sgd.ts"
import type { Tensor } from "./tfjs.ts"

/**
 * Operations on float32 tensors. All of them, `gradients` included, are called inside `scope`, which frees every tensor
 * made in it; what is to live longer goes through `keep` and later `dispose`. Images are [N, H, W, C], convolution
 * filters [KH, KW, C, O]. Shapes that do not fit throw a RangeError.
 */
export interface Engine {
  readonly name: string
  /** Version of the library behind it. */
  readonly version: string
  /** Threads of one operation. */
  readonly threads: number
  /** Threads with an engine of their own among which independent batches may be shared out; 1 is this one alone. */
  readonly workers: number
  readonly precision: Precision
  /** Whether it computes on a GPU. */
  readonly gpu: boolean
  /** One line: what runs, and why nothing faster does. */
  readonly why: string

  readonly scope: <A>(body: () => A) => A
  readonly keep: (tensor: Tensor) => Tensor
  readonly dispose: (tensors: Iterable<Tensor>) => void
  /** Number of tensors alive, for tests of leaks. */
  readonly live: () => number
  /** Bytes of tensors that the engine can hold at one time, where it has such a limit. */
  readonly limit: number | undefined
  /** Runs `body`, and gives the most bytes that tensors took meanwhile; undefined where the engine does not count. */
  readonly peak: (body: () => unknown) => number | undefined

  readonly tensor: (values: Float32Array, shape: ReadonlyArray<number>) => Tensor
  /** A copy of the values, row-major. */
  readonly read: (tensor: Tensor) => Float32Array
  /**
   * The value of `body` and its gradients with respect to `inputs`; `undefined` where the value does not depend on one.
   */
  readonly gradients: (
    body: () => Tensor,
    inputs: ReadonlyArray<Tensor>
  ) => { readonly value: Tensor; readonly gradients: ReadonlyArray<Tensor | undefined> }
  /** Sum over all elements of tensor times given values: how a gradient computed elsewhere enters. */
  readonly weightedSum: (tensor: Tensor, values: Float32Array) => Tensor

  readonly conv2d: (x: Tensor, w: Tensor, options: ConvOptions) => Tensor
  readonly maxPool: (x: Tensor, options: PoolOptions) => Tensor
  /** [N, H, W, C] to [N, C]. */
  readonly globalAveragePool: (x: Tensor) => Tensor
  /** By the batch's statistics, which it also gives; the caller disposes them. Epsilon is 1e-5 unless said, here as below. */
  readonly batchNorm: (x: Tensor, gamma: Tensor, beta: Tensor, options: NormOptions) => Normalised
  /** By given statistics; no gradient. */
  readonly normalise: (x: Tensor, given: Given, options: NormOptions) => Tensor
  /** Each image and channel by its own mean and variance over rows and columns, in training and after alike. */
  readonly instanceNorm: (x: Tensor, gamma: Tensor, beta: Tensor, options: NormOptions) => Tensor
  readonly relu: (x: Tensor) => Tensor
  readonly addRelu: (a: Tensor, b: Tensor) => Tensor
  /** a [n, k] times b [k, m]. */
  readonly matMul: (a: Tensor, b: Tensor) => Tensor
  /** (1 - share) a + share b, without a gradient: running statistics. */
  readonly blend: (a: Tensor, b: Tensor, share: number) => Tensor
  /** One optimiser update, as new tensors. */
  readonly adam: (state: AdamState<Tensor>, gradient: Tensor, options: AdamOptions) => AdamState<Tensor>
  /** The same with momentum alone. */
  readonly sgd: (state: SgdState<Tensor>, gradient: Tensor, options: SgdOptions) => SgdState<Tensor>
}
