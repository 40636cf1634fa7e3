/** Activations whose gradient is one operation of TensorFlow. */
import type { Tensor, Tf } from "../tfjs.ts"
import { type Native, using } from "./ops.ts"

const FLOAT = { type: { T: "float32" } } as const

type Save = (tensors: Array<Tensor>) => void

/** Returns dy where y > 0, and 0 elsewhere. */
export const reluGradient = (native: Native, dy: Tensor, y: Tensor): Tensor => native.run("ReluGrad", FLOAT, [dy, y])

/** Returns max(x, 0), of the shape of x; the gradient at 0 is 0. */
export const relu = (tf: Tf, native: Native, x: Tensor): Tensor =>
  tf.customGrad((input, save) => {
    const y = native.run("Relu", FLOAT, [input as Tensor])
    ;(save as unknown as Save)([y])
    return { value: y, gradFunc: (dy, saved) => reluGradient(native, dy as Tensor, (saved as Array<Tensor>)[0]) }
  })(x)

/** Returns max(a + b, 0), the join of a residual block. Both inputs have the same shape and the same gradient. */
export const addRelu = (tf: Tf, native: Native, a: Tensor, b: Tensor): Tensor =>
  tf.customGrad((left, right, save) => {
    const y = using([native.run("AddV2", FLOAT, [left as Tensor, right as Tensor])], (sum) =>
      native.run("Relu", FLOAT, [sum])
    )
    ;(save as unknown as Save)([y])
    return {
      value: y,
      gradFunc: (dy, saved) => {
        const g = reluGradient(native, dy as Tensor, (saved as Array<Tensor>)[0])
        return [g, tf.clone(g)]
      }
    }
  })(a, b)
