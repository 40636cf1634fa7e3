/** Weighted sums of a vector and its neighbours. */
import { normaliseInto } from "../unit-length.ts"

/**
 * The weight of a neighbour: its cosine to the power of alpha. A negative cosine counts as 0.
 *
 * @example
 * weightOf(0.5, 3) // => 0.125
 * weightOf(-0.5, 3) // => 0
 */
export const weightOf = (cosine: number, alpha: number): number => Math.max(0, cosine) ** alpha

const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k]
  return sum
}

/**
 * Writes a vector plus the weighted sum of its neighbours, L2-normalised: query expansion (Chum et al. 2007), weighted for
 * alpha > 0 (Radenovic et al. 2019, equation 14). If the sum is zero, the vector is written unchanged.
 *
 * @param vector float32 [d], of length 1
 * @param neighbours float32 [d] each, of length 1
 * @param into float32, receives the d values, starting at index `at`
 */
export const expandInto = (
  vector: Float32Array,
  neighbours: ReadonlyArray<Float32Array>,
  alpha: number,
  into: Float32Array,
  at: number
): void => {
  const sum = new Float64Array(vector)
  for (const neighbour of neighbours) {
    const weight = alpha === 0 ? 1 : weightOf(dot(vector, neighbour), alpha)
    for (let k = 0; k < sum.length; k++) sum[k] += weight * neighbour[k]
  }
  if (!normaliseInto(Float32Array.from(sum), into, at)) into.set(vector, at)
}
