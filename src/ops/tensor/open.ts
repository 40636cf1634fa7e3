/** Starts one of TensorFlow.js's own backends. */
import { createRequire } from "node:module"
import { dirname } from "node:path"
import type * as tfjsWasm from "@tensorflow/tfjs-backend-wasm"
import { byRequire, optionalPackage } from "../../pipeline/packages.ts"
import { addRelu, relu } from "./activation.ts"
import { adamUpdate } from "./adam.ts"
import { shareClones } from "./clones.ts"
import { composedConvolution } from "./composed.ts"
import { registerConvolution } from "./convolution.ts"
import { EngineError } from "./engine-error.ts"
import { guardHeap, HEAP_LIMIT } from "./heap.ts"
import { type BackendName, memoryOf } from "./memory.ts"
import { batchNorm, composedPasses, normalise } from "./norm.ts"
import type { Engine } from "./operations.ts"
import { engineOver } from "./over.ts"
import { composedMaxPool, registerMaxPool } from "./pool.ts"
import { sgdUpdate } from "./sgd.ts"
import { startSharing } from "./shared-memory.ts"
import type { Info, Tensor, Tf } from "./tfjs.ts"
import { sharedPasses } from "./tiles/norm.ts"
import { tileWorkOf } from "./tiles/room.ts"

const WASM = "@tensorflow/tfjs-backend-wasm"

const wasmBackend = () =>
  optionalPackage(WASM, "Computations on WebAssembly", EngineError, byRequire<typeof tfjsWasm>(WASM))

/** Loads the library without its start-up messages, and starts one backend. */
const start = async (name: BackendName): Promise<Tf> => {
  const tf = await optionalPackage("@tensorflow/tfjs", "Tensor engines", EngineError, byRequire<Tf>("@tensorflow/tfjs"))
  // Production mode switches off advice to use other packages, which would appear between our own lines.
  tf.enableProdMode()
  const begin = async () => {
    if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its ${name} backend`)
    return tf
  }
  if (name !== "wasm") return begin()
  const { setWasmPaths } = await wasmBackend()
  // Paths can only be set before the backend starts; another engine may have started it.
  if ("wasm" in tf.engine().registry) return begin()
  return startSharing(tf, dirname(createRequire(import.meta.url).resolve(WASM)), setWasmPaths, begin)
}

/**
 * Starts an engine on a backend of TensorFlow.js. Engines have no state of their own: a second one is equal to the first.
 *
 * @param why shown to the user: what runs, and why no faster engine does
 * @param memoryLimit bytes that tensors may occupy on WebAssembly
 * @param workers number of such engines that extraction may use
 */
export const openTfjs = async (
  name: BackendName,
  why: string,
  memoryLimit = HEAP_LIMIT,
  workers = 1
): Promise<Engine> => {
  const tf = await start(name)
  const heap = name === "wasm" ? guardHeap(tf, memoryLimit) : undefined
  const memory = memoryOf(tf, name)
  const tiles = tileWorkOf(memory)
  shareClones(tf, name)
  registerConvolution(tf, name, composedConvolution(memory, tiles))
  registerMaxPool(tf, name, composedMaxPool(memory, tiles))
  const adopted = (info: Info): Tensor => tf.engine().makeTensorFromTensorInfo(info)
  const composed = composedPasses(tf)
  const passes = tiles === undefined ? composed : sharedPasses(tf, memory, tiles, composed, adopted)
  return engineOver(tf, {
    name,
    version: `TensorFlow.js ${tf.version_core}`,
    threads: 1,
    workers,
    precision: "float32",
    gpu: false,
    graphs: undefined,
    inference: undefined,
    limit: heap?.limit,
    peak: (body) => {
      if (heap !== undefined) heap.peak = heap.used
      body()
      return heap?.peak
    },
    why,
    share: (team) => tiles?.share(team) ?? (() => {}),
    batchNorm: (x, gamma, beta, options) => batchNorm(tf, passes, x, gamma, beta, options),
    normalise: (x, given, options) => normalise(tf, passes, x, given, options),
    relu: (x) => relu(tf, x),
    addRelu: (a, b) => addRelu(tf, a, b),
    blend: (a, b, share) => tf.add(tf.mul(a, 1 - share), tf.mul(b, share)),
    adam: (state, gradient, options) => {
      const made = adamUpdate(memory, state, gradient, options, tiles?.enabled() ? tiles.adam : undefined)
      return { weight: adopted(made.weight), m: adopted(made.m), v: adopted(made.v) }
    },
    sgd: (state, gradient, options) => {
      const made = sgdUpdate(memory, state, gradient, options)
      return { weight: adopted(made.weight), velocity: adopted(made.velocity) }
    }
  })
}
