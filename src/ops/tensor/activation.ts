/** Activations as differentiable operations that save one mask-like output. */
import type { Tensor, Tf } from "./tfjs.ts"

/** max(x, 0); the gradient at 0 is 0. */
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

/** max(a + b, 0), the join of a residual block; both inputs share one gradient. */
export const addRelu = (tf: Tf, a: Tensor, b: Tensor): Tensor => {
  const apply = tf.customGrad((left, right, save) => {
    const y = tf.tidy(() => tf.relu(tf.add(left as Tensor, right as Tensor)))
    ;(save as unknown as (tensors: Array<Tensor>) => void)([y])
    return {
      value: y,
      gradFunc: (dy, saved) => {
        const g = tf.tidy(() => tf.mul(dy as Tensor, tf.step((saved as Array<Tensor>)[0])))
        // Two handles of one allocation: the engine frees each by itself.
        return [g, tf.clone(g)]
      }
    }
  })
  return apply(a, b)
}
