/** Clipping of gradients by their norm. */

import { concat, reshape } from "../tensor/elementwise.ts"
import type { Engine } from "../tensor/engine.ts"
import { sizeOf } from "../tensor/memory.ts"
import type { Tensor } from "../tensor/tfjs.ts"

/** Added to the norm before it divides, as in PyTorch. */
const EPSILON = 1e-6

/** Sums of squares over all axes but the last: short sums in float32, which are added up in float64. */
const squares = (gradient: Tensor): Tensor => {
  const width = gradient.shape.at(-1) ?? 1
  return reshape(gradient, [sizeOf(gradient.shape) / width, width])
    .square()
    .sum(0)
}

/** The Euclidean norm of all gradients together; called inside a scope. */
export const normOf = (engine: Engine, gradients: ReadonlyArray<Tensor>): number => {
  if (gradients.length === 0) return 0
  const sums = engine.read(concat(gradients.map(squares), 0))
  return Math.sqrt(sums.reduce((sum, square) => sum + square, 0))
}

/**
 * The factor by which gradients are multiplied so that their norm is at most `most`: min(1, most / (norm + 1e-6)), as
 * `clip_grad_norm_` of PyTorch (Pascanu et al., ICML 2013); NaN for a norm that is not finite, since infinity times 0 is NaN.
 *
 * @example
 * clipFactor(2, 1).toFixed(3) // => "0.500"
 * clipFactor(0.5, 1) // => 1
 */
export const clipFactor = (norm: number, most: number): number =>
  Number.isFinite(norm) ? Math.min(1, most / (norm + EPSILON)) : Number.NaN
