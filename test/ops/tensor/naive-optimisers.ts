/** Optimiser updates once more, in float64, written from their definitions. */
import type { AdamOptions, AdamState } from "../../../src/ops/tensor/adam.ts"
import type { SgdOptions, SgdState } from "../../../src/ops/tensor/sgd.ts"
import { type Grid, grid } from "./naive.ts"

/** Algorithm 1 of Kingma and Ba (2015), line by line. */
export const adamStep = (
  { weight, m, v }: AdamState<Grid>,
  gradient: Grid,
  { learningRate, step, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions
): AdamState<Grid> => {
  const of = (value: (i: number) => number) => grid(weight.shape, value)
  const first = of((i) => beta1 * m.data[i] + (1 - beta1) * gradient.data[i])
  const second = of((i) => beta2 * v.data[i] + (1 - beta2) * gradient.data[i] ** 2)
  const firstCorrected = of((i) => first.data[i] / (1 - beta1 ** step))
  const secondCorrected = of((i) => second.data[i] / (1 - beta2 ** step))
  const moved = of((i) => (learningRate * firstCorrected.data[i]) / (Math.sqrt(secondCorrected.data[i]) + epsilon))
  return { weight: of((i) => weight.data[i] - moved.data[i]), m: first, v: second }
}

/** Momentum without dampening. */
export const sgdStep = (
  { weight, velocity }: SgdState<Grid>,
  gradient: Grid,
  { learningRate, momentum = 0.9 }: SgdOptions
): SgdState<Grid> => {
  const next = grid(weight.shape, (i) => momentum * velocity.data[i] + gradient.data[i])
  return { weight: grid(weight.shape, (i) => weight.data[i] - learningRate * next.data[i]), velocity: next }
}
