/** Starts a backend of TensorFlow.js and puts the operations of `Engine` over it. */
import { createRequire } from "node:module"
import { dirname } from "node:path"
import { addRelu, relu } from "./activation.ts"
import { adamUpdate } from "./adam.ts"
import { composedConvolution } from "./composed.ts"
import { conv2d, registerConvolution } from "./convolution.ts"
import type { Engine } from "./engine.ts"
import { type BackendName, memoryOf } from "./memory.ts"
import { batchNorm, normalise } from "./norm.ts"
import { globalAveragePool, maxPool, registerMaxPool } from "./pool.ts"
import type { Info, Tensor, Tf } from "./tfjs.ts"

/** Loads the library without its greetings, and starts one backend. */
const start = async (name: BackendName): Promise<Tf> => {
  const tf: Tf = await import("@tensorflow/tfjs")
  // Production mode switches off advice to use other packages, which would stand between our own lines.
  tf.enableProdMode()
  if (name === "wasm") {
    const wasm = await import("@tensorflow/tfjs-backend-wasm")
    const binaries = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"))
    // Paths can be set only before the backend starts, which another engine may have made it do.
    if (!("wasm" in tf.engine().registry)) wasm.setWasmPaths(`${binaries}/`)
  }
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its ${name} backend`)
  return tf
}

const scoped =
  (tf: Tf, name: BackendName): Engine["scope"] =>
  (body) => {
    // Two engines may live in one process. A backend that has started is switched to at once; nothing is awaited.
    if (tf.getBackend() !== name) void tf.setBackend(name)
    const result: Array<ReturnType<typeof body>> = []
    tf.tidy(() => {
      result.push(body())
    })
    return result[0]
  }

/** Engines without state of their own: opening a second time gives an equal one. */
export const openTfjs = async (name: BackendName, why: string): Promise<Engine> => {
  const tf = await start(name)
  const memory = memoryOf(tf, name)
  registerConvolution(tf, name, composedConvolution(memory))
  registerMaxPool(tf, name)
  const adopted = (info: Info): Tensor => tf.engine().makeTensorFromTensorInfo(info)
  return {
    name,
    version: `TensorFlow.js ${tf.version_core}`,
    threads: 1,
    why,
    scope: scoped(tf, name),
    keep: (tensor) => tf.keep(tensor),
    dispose: (tensors) => {
      for (const tensor of tensors) tensor.dispose()
    },
    live: () => tf.memory().numTensors,
    tensor: (values, shape) => tf.tensor(values, [...shape], "float32"),
    // A backend may answer with its own memory; the caller gets a copy.
    read: (tensor) => Float32Array.from(tensor.dataSync()),
    gradients: (body, inputs) => {
      const { value, grads } = tf.engine().gradients(body, [...inputs], undefined, true)
      return { value, gradients: grads.map((one) => one ?? undefined) }
    },
    weightedSum: (tensor, values) => tf.sum(tf.mul(tensor, tf.tensor(values, tensor.shape, "float32"))),
    conv2d: (x, w, options) => conv2d(tf, x, w, options),
    maxPool: (x, options) => maxPool(tf, x, options),
    globalAveragePool: (x) => globalAveragePool(tf, x),
    batchNorm: (x, gamma, beta, options) => batchNorm(tf, x, gamma, beta, options.relu),
    normalise: (x, given, options) => normalise(tf, x, given, options.relu),
    relu: (x) => relu(tf, x),
    addRelu: (a, b) => addRelu(tf, a, b),
    matMul: (a, b) => tf.matMul(a as never, b as never),
    blend: (a, b, share) => tf.add(tf.mul(a, 1 - share), tf.mul(b, share)),
    adam: (state, gradient, options) => {
      const made = adamUpdate(memory, state, gradient, options)
      return { weight: adopted(made.weight), m: adopted(made.m), v: adopted(made.v) }
    }
  }
}
