/** Compares what a function computes with what its operations computed one by one. */
import type { Precision } from "../process.ts"

/**
 * Largest distance between both results, as a share of their length. Rounding alone makes less than a tenth of it; a wrong
 * graph is out by the length itself. Gradients are compared as one vector, since those of single weights may nearly cancel.
 */
const TOLERANCE: Readonly<Record<Precision, { readonly outputs: number; readonly gradients: number }>> = {
  float32: { outputs: 1e-3, gradients: 0.1 },
  bf16: { outputs: 0.1, gradients: 0.7 }
}

/**
 * Returns the length of a - b divided by the length of b, over all arrays together. The arrays of `a` are read one by one, and may
 * be made while they are read.
 *
 * @example
 * distance([Float32Array.of(3, 4)], [Float32Array.of(3, 5)]).toFixed(6) // => "0.171499"
 */
export const distance = (a: Iterable<Float32Array>, b: ReadonlyArray<Float32Array>): number => {
  let [apart, whole, k] = [0, 0, 0]
  for (const found of a) {
    const values = b[k++]
    for (let i = 0; i < values.length; i++) {
      apart += (found[i] - values[i]) ** 2
      whole += values[i] ** 2
    }
  }
  return apart === 0 ? 0 : Math.sqrt(apart / whole)
}

/** Whether a function's results are those of its operations; results that are not finite agree with nothing. */
export const agrees = (
  precision: Precision,
  kind: "outputs" | "gradients",
  of: Iterable<Float32Array>,
  expected: ReadonlyArray<Float32Array>
): boolean => distance(of, expected) <= TOLERANCE[precision][kind]
