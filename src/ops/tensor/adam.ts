/** Adam (Kingma and Ba, ICLR 2015) in one pass over memory. */
import type { Memory } from "./memory.ts"
import type { Info } from "./tfjs.ts"

export interface AdamOptions {
  readonly learningRate: number
  /** Whether the given tensors may be freed, so that TensorFlow need not copy them; they are then not used again. */
  readonly inPlace?: boolean
  /** Number of this update, starting at 1. */
  readonly step: number
  /** Decay of the first moment; 0.9. */
  readonly beta1?: number
  /** Decay of the second moment; 0.999. */
  readonly beta2?: number
  /** Added after the square root of the corrected second moment; 1e-8. */
  readonly epsilon?: number
}

/** A weight with its two moments, all of one shape. */
export interface AdamState<A> {
  readonly weight: A
  readonly m: A
  readonly v: A
}

/** Values of one weight and its moments, before and after an update. */
export interface AdamValues {
  readonly weight: Float32Array
  readonly m: Float32Array
  readonly v: Float32Array
  readonly gradient: Float32Array
  readonly newWeight: Float32Array
  readonly newM: Float32Array
  readonly newV: Float32Array
}

/** Updates the values [from, to). It does not import Effect, so that threads can use it. */
export const adamRange = (
  { gradient: g, m, newM, newV, newWeight, v, weight: w }: AdamValues,
  { learningRate, step, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
  from: number,
  to: number
): void => {
  const rate = learningRate / (1 - beta1 ** step)
  const correction = Math.sqrt(1 - beta2 ** step)
  for (let i = from; i < to; i++) {
    const first = beta1 * m[i] + (1 - beta1) * g[i]
    const second = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
    newM[i] = first
    newV[i] = second
    newWeight[i] = w[i] - (rate * first) / (Math.sqrt(second) / correction + epsilon)
  }
}

/**
 * Computes one update (Algorithm 1 of the paper; epsilon outside the corrected root, as in PyTorch):
 * m' = b1 m + (1 - b1) g, v' = b2 v + (1 - b2) g^2, w' = w - rate / (1 - b1^t) m' / (sqrt(v' / (1 - b2^t)) + eps).
 *
 * It writes new allocations: engines cache packed copies of weights by allocation, so weights must not change in place.
 *
 * @param update computes all values, by default on this thread
 * @returns the new state; the caller frees both the old and the new
 */
export const adamUpdate = (
  memory: Memory,
  state: AdamState<Info>,
  gradient: Info,
  options: AdamOptions,
  update = (values: AdamValues, given: AdamOptions): void => adamRange(values, given, 0, values.weight.length)
): AdamState<Info> => {
  const made = { weight: memory.make(gradient.shape), m: memory.make(gradient.shape), v: memory.make(gradient.shape) }
  const [weight, m, v, g] = [state.weight, state.m, state.v, gradient].map(memory.values)
  const [newWeight, newM, newV] = [made.weight, made.m, made.v].map(memory.values)
  update({ weight, m, v, gradient: g, newWeight, newM, newV }, options)
  return made
}
