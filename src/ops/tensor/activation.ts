/** Activations as differentiable operations that keep only their output for the backward pass. */
import type { Tensor, Tf } from "./tfjs.ts"

/** Returns max(x, 0), of the shape of x; the gradient at 0 is 0. */
export const relu = (tf: Tf, x: Tensor): Tensor => {
  const apply = tf.customGrad((input, save) => {
    const y = tf.relu(input as Tensor)
    ;(save as unknown as (tensors: Array<Tensor>) => void)([y])
    return {
      value: y,
      gradFunc: (dy, saved) => tf.tidy(() => tf.mul(dy as Tensor, tf.step((saved as Array<Tensor>)[0])))
    }
  })
  return apply(x)
}

/** Returns max(a + b, 0), the join of a residual block. Both inputs have the same shape and the same gradient. */
export const addRelu = (tf: Tf, a: Tensor, b: Tensor): Tensor => {
  const apply = tf.customGrad((left, right, save) => {
    const y = tf.tidy(() => tf.relu(tf.add(left as Tensor, right as Tensor)))
    ;(save as unknown as (tensors: Array<Tensor>) => void)([y])
    return {
      value: y,
      gradFunc: (dy, saved) => {
        const g = tf.tidy(() => tf.mul(dy as Tensor, tf.step((saved as Array<Tensor>)[0])))
        // Two handles for one allocation, because the engine frees each of them.
        return [g, tf.clone(g)]
      }
    }
  })
  return apply(a, b)
}
