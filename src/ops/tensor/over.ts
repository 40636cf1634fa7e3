/** Makes an engine from a started backend of TensorFlow.js. */

import { conv2d } from "./convolution.ts"
import { gradients } from "./gradients.ts"
import { instanceNorm } from "./instance-norm.ts"
import type { Engine } from "./operations.ts"
import { globalAveragePool, maxPool } from "./pool.ts"
import type { Tf } from "./tfjs.ts"

/** Operations that each engine implements itself. */
export type Own = Pick<
  Engine,
  | "name"
  | "version"
  | "threads"
  | "workers"
  | "precision"
  | "gpu"
  | "graphs"
  | "inference"
  | "limit"
  | "peak"
  | "why"
  | "share"
  | "batchNorm"
  | "normalise"
  | "relu"
  | "addRelu"
  | "blend"
  | "adam"
  | "sgd"
>

const scoped =
  (tf: Tf, name: string): Engine["scope"] =>
  (body) => {
    // Two engines may exist in one process. Switching to a started backend takes effect at once, so nothing is awaited.
    if (tf.getBackend() !== name) void tf.setBackend(name)
    const result: Array<ReturnType<typeof body>> = []
    tf.tidy(() => {
      result.push(body())
    })
    return result[0]
  }

/** Makes an engine. @param own operations of this engine; convolution and max-pool are those registered for its backend */
export const engineOver = (tf: Tf, own: Own): Engine => ({
  ...own,
  scope: scoped(tf, own.name),
  keep: (tensor) => tf.keep(tensor),
  dispose: (tensors) => {
    for (const tensor of tensors) tensor.dispose()
  },
  live: () => tf.memory().numTensors,
  tensor: (values, shape) => tf.tensor(values, [...shape], "float32"),
  // TensorFlow uses the array of a tensor in place; a product is in memory of its own.
  copied: (values, shape) => tf.tidy(() => tf.mul(tf.tensor(values, [...shape], "float32"), 1)),
  // A backend may answer with its own memory; the caller gets a copy.
  read: (tensor) => new Float32Array(tensor.dataSync()),
  readInto: (tensor, room) => room.set(tensor.dataSync()),
  gradients: (body, inputs) => gradients(tf, body, inputs),
  weightedSum: (tensor, values) => tf.sum(tf.mul(tensor, tf.tensor(values, tensor.shape, "float32"))),
  conv2d: (x, w, options) => conv2d(tf, x, w, options),
  maxPool: (x, options) => maxPool(tf, x, options),
  globalAveragePool: (x) => globalAveragePool(tf, x),
  instanceNorm: (x, gamma, beta, options) => instanceNorm(tf, x, gamma, beta, options),
  matMul: (a, b) => tf.matMul(a as never, b as never)
})
