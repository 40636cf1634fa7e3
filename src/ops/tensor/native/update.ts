/** Optimiser updates by TensorFlow's fused operations on variables. */
import type { AdamOptions, AdamState } from "../adam.ts"
import type { SgdOptions, SgdState } from "../sgd.ts"
import type { Info, Tensor } from "../tfjs.ts"
import { type Native, using } from "./ops.ts"

const FLOAT = { type: { dtype: "float32" } } as const
const PLAIN = { type: { T: "float32" }, bool: { use_locking: false, use_nesterov: false } } as const
const NESTEROV = { type: { T: "float32" }, bool: { use_locking: false, use_nesterov: true } } as const

/**
 * Puts tensors into variables, calls `body` with their handles, and returns the new values of the variables. The tensors do
 * not change: TensorFlow copies memory that is still in use elsewhere. In place, they are freed before `body` runs; then the
 * variables own the memory alone and nothing is copied.
 *
 * All updates use the same few variables, which share the memory of the last result until the next update.
 */
const throughVariables = (
  native: Native,
  tensors: ReadonlyArray<Tensor>,
  inPlace: boolean,
  body: (handles: ReadonlyArray<Info>) => void
): ReadonlyArray<Tensor> => {
  const handles = tensors.map((_, i) => native.variable(`orbitrank/${i}`))
  for (const [i, handle] of handles.entries()) native.runMany("AssignVariableOp", FLOAT, [handle, tensors[i]], 0)
  if (inPlace) for (const tensor of tensors) tensor.dispose()
  body(handles)
  return handles.map((handle) => native.run("ReadVariableOp", FLOAT, [handle]))
}

/**
 * `ResourceApplyAdam` adds its epsilon to the uncorrected root; scaled by sqrt(1 - beta2^t) it is the one added to the
 * corrected root, see `../adam.ts`. Its own corrections in float32 lose four digits of 1 - beta2, so the rate is corrected
 * here, with the betas as TensorFlow rounds them, and TensorFlow is given values that need no further correction.
 */
export const adam = (
  native: Native,
  state: AdamState<Tensor>,
  gradient: Tensor,
  { learningRate, step, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, inPlace = false }: AdamOptions
): AdamState<Tensor> => {
  const root = Math.sqrt(1 - Math.fround(beta2) ** step)
  const rate = (learningRate * root) / (1 - Math.fround(beta1) ** step)
  const numbers = [0, 0, rate, beta1, beta2, epsilon * root].map(native.number)
  const [weight, m, v] = throughVariables(native, [state.weight, state.m, state.v], inPlace, (handles) => {
    native.runMany("ResourceApplyAdam", PLAIN, [...handles, ...numbers, gradient], 0)
  })
  return { weight, m, v }
}

/** `ResourceApplyMomentum`: v' = momentum v + g, w' = w - rate v'; Nesterov's step as in `../sgd.ts`. */
export const sgd = (
  native: Native,
  state: SgdState<Tensor>,
  gradient: Tensor,
  { learningRate, momentum = 0.9, nesterov = false, inPlace = false }: SgdOptions
): SgdState<Tensor> => {
  const [rate, share] = [learningRate, momentum].map(native.number)
  const [weight, velocity] = throughVariables(native, [state.weight, state.velocity], inPlace, ([w, v]) => {
    native.runMany("ResourceApplyMomentum", nesterov ? NESTEROV : PLAIN, [w, v, rate, gradient, share], 0)
  })
  return { weight, velocity }
}

const T = { type: { T: "float32" } } as const

/** Returns (1 - share) a + share b. */
export const blend = (native: Native, a: Tensor, b: Tensor, share: number): Tensor => {
  const products = [
    native.run("Mul", T, [a, native.number(1 - share)]),
    native.run("Mul", T, [b, native.number(share)])
  ]
  return using(products, (...both) => native.run("AddV2", T, both))
}
