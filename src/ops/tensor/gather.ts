/** Rows of a tensor by their positions, as a differentiable operation. */
import { type Memory, sizeOf } from "./memory.ts"
import type { Info, Tensor, Tf } from "./tfjs.ts"

/**
 * Rows added up: row s of the result, [count, ...], is the sum of those rows of x, [m, ...], whose segment is s. The
 * gradient of `gather`.
 */
export type SegmentSum = (x: Tensor, segments: Int32Array, count: number) => Tensor

/** As one loop over memory, in the order of the rows; the caller frees the result. */
export const segmentSum = (memory: Memory, x: Info, segments: Int32Array, count: number): Info => {
  const rest = x.shape.slice(1)
  const width = sizeOf(rest)
  const sums = memory.make([count, ...rest])
  const [from, to] = [x, sums].map(memory.values)
  to.fill(0)
  for (let row = 0; row < segments.length; row++) {
    const at = segments[row] * width
    for (let i = 0; i < width; i++) to[at + i] += from[row * width + i]
  }
  return sums
}

/**
 * Row i of the result is row `indices[i]` of x; one row may be taken several times.
 *
 * @param x float32 [n, ...]
 * @returns float32 [indices.length, ...]
 * @throws RangeError when there is no row of that number
 */
export const gather = (tf: Tf, x: Tensor, indices: Int32Array, sum: SegmentSum): Tensor => {
  const rows = x.shape[0] ?? 0
  const beyond = indices.find((index) => index < 0 || index >= rows)
  if (beyond !== undefined) throw new RangeError(`there is no row ${beyond} in a tensor of ${rows}`)
  const taken = tf.customGrad((input) => ({
    value: tf.gather(input as Tensor, tf.tensor1d(indices, "int32")),
    gradFunc: (dy: Tensor) => sum(dy, indices, rows)
  }))
  return taken(x)
}
