/** Starts native TensorFlow. */
import { registerConvolution } from "../convolution.ts"
import type { Engine } from "../operations.ts"
import { engineOver } from "../over.ts"
import { registerMaxPool } from "../pool.ts"
import { loadNative } from "../setup/load.ts"
import { addRelu, relu } from "./activation.ts"
import { nativeConvolution } from "./convolution.ts"
import { type Backend, canGraph, graphsOf } from "./graph/graphs.ts"
import { batchNorm, normalise } from "./norm.ts"
import { BACKEND, nativeOps } from "./ops.ts"
import { nativeMaxPool } from "./pool.ts"
import { intraOpThreads, type Precision } from "./process.ts"
import { withSmallMaps } from "./small-maps.ts"
import { adam, blend, sgd } from "./update.ts"

/** Facts of the started engine. */
export interface Started {
  readonly version: string
  readonly gpu: boolean
  readonly threads: number
  /** Whether networks run as graphs: as asked for, not, or not although asked for, because the binding is too old. */
  readonly graph: "yes" | "no" | "old binding"
}

/**
 * Starts native TensorFlow in this process.
 *
 * @param packageFolder the package that `findNative` has found
 * @param why makes the line for the user from the facts of the started engine
 * @throws NativeLoadError if a library was changed or does not load
 */
export const openNative = (
  packageFolder: string,
  { precision, graph }: { readonly precision: Precision; readonly graph: boolean },
  why: (started: Started) => string
): Engine => {
  const tf = loadNative({ packageFolder })
  tf.enableProdMode()
  const native = nativeOps(tf)
  registerConvolution(tf, BACKEND, withSmallMaps(native, nativeConvolution(native)))
  registerMaxPool(tf, BACKEND, nativeMaxPool(native))
  const threads = intraOpThreads()
  const backend = tf.engine().findBackend(BACKEND) as unknown as Backend
  const graphed = !graph ? "no" : canGraph(backend) ? "yes" : "old binding"
  return engineOver(tf, {
    name: BACKEND,
    version: `TensorFlow ${native.version}`,
    threads,
    workers: 1,
    precision,
    gpu: native.gpu,
    inference: undefined,
    graphs: graphed === "yes" ? graphsOf(backend, precision, native.gpu ? 1 : threads) : undefined,
    limit: undefined,
    peak: (body) => {
      body()
      return undefined
    },
    share: () => () => {},
    why: why({ version: native.version, gpu: native.gpu, threads, graph: graphed }),
    batchNorm: (x, gamma, beta, options) => batchNorm(tf, native, x, gamma, beta, options),
    normalise: (x, given, options) => normalise(native, x, given, options),
    relu: (x) => relu(tf, native, x),
    addRelu: (a, b) => addRelu(tf, native, a, b),
    blend: (a, b, share) => blend(native, a, b, share),
    adam: (state, gradient, options) => adam(native, state, gradient, options),
    sgd: (state, gradient, options) => sgd(native, state, gradient, options)
  })
}
