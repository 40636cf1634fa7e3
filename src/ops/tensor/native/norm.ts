/** Batch normalisation by TensorFlow's fused operations. Formulas: see `../norm.ts`. */
import { checkVaries, EPSILON, type Given, type Normalised, type NormOptions } from "../norm.ts"
import type { Tensor, Tf } from "../tfjs.ts"
import { reluGradient } from "./activation.ts"
import { type Attributes, type Native, using } from "./ops.ts"

const FLOAT = { type: { T: "float32" } } as const

const attributes = (training: boolean, epsilon: number): Attributes => ({
  type: { T: "float32", U: "float32" },
  float: { epsilon },
  bool: { is_training: training },
  string: { data_format: "NHWC" }
})

/** Returns y, after ReLU if `relu` is set; it then frees the given tensor. */
const rectified = (native: Native, y: Tensor, relu: boolean): Tensor =>
  relu ? using([y], (linear) => native.run("Relu", FLOAT, [linear])) : y

/** Batch norm by the batch's own statistics; see `batchNorm` in `../norm.ts`. */
export const batchNorm = (
  tf: Tf,
  native: Native,
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { relu, epsilon = EPSILON }: NormOptions
): Normalised => {
  checkVaries(x)
  let statistics: readonly [Tensor, Tensor] | undefined
  const apply = tf.customGrad((...args) => {
    const [input, scale, shift] = args as unknown as [Tensor, Tensor, Tensor]
    const save = args[3] as unknown as (tensors: Array<Tensor>) => void
    const [linear, mean, variance, ...reserved] = using([native.floats([]), native.floats([])], (none, nothing) =>
      native.runMany("FusedBatchNormV3", attributes(true, epsilon), [input, scale, shift, none, nothing], 6)
    )
    const y = rectified(native, linear, relu)
    statistics = [tf.keep(mean), tf.keep(variance)]
    save([input, scale, y, ...reserved])
    for (const tensor of reserved) tensor.dispose()
    const gradFunc = (dy: unknown, saved: unknown) => {
      const [x, scale, y, ...reserves] = saved as [Tensor, Tensor, Tensor, ...Array<Tensor>]
      const g = relu ? reluGradient(native, dy as Tensor, y) : (dy as Tensor)
      const found = native.runMany("FusedBatchNormGradV3", attributes(true, epsilon), [g, x, scale, ...reserves], 5)
      for (const tensor of [...found.slice(3), ...(relu ? [g] : [])]) tensor.dispose()
      return found.slice(0, 3)
    }
    return { value: y, gradFunc: gradFunc as never }
  })
  const y = apply(x, gamma, beta)
  const [mean, variance] = statistics as readonly [Tensor, Tensor]
  return { y, mean, variance }
}

/** Batch norm by given statistics (inference). It has no gradient. */
export const normalise = (
  native: Native,
  x: Tensor,
  given: Given,
  { relu, epsilon = EPSILON }: NormOptions
): Tensor => {
  const { beta, gamma, mean, variance } = given
  const inputs = [x, gamma, beta, mean, variance]
  const [y, ...rest] = native.runMany("FusedBatchNormV3", attributes(false, epsilon), inputs, 6)
  for (const tensor of rest) tensor.dispose()
  return rectified(native, y, relu)
}
