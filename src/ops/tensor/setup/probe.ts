/** Loads a built package in a process of its own, multiplies two matrices and prints the result: `probe.ts FOLDER`. */
import { availableParallelism } from "node:os"
import { loadNative } from "./load.ts"

interface Backend {
  readonly binding: { readonly TF_Version: string }
  readonly isUsingGpuDevice: boolean
}

/** Returns the number of threads that TensorFlow uses for one product: its setting, or all available processors. */
const threads = (): number => Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism()

const packageFolder = process.argv[2]
try {
  const tf = loadNative({ packageFolder })
  const a = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])
  const b = tf.tensor2d([7, 8, 9, 10, 11, 12], [3, 2])
  const product = [...tf.matMul(a, b).dataSync()]
  const backend = tf.backend() as unknown as Backend
  const { binding, isUsingGpuDevice } = backend
  const answer = { version: binding.TF_Version, threads: threads(), gpu: isUsingGpuDevice, product }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
} catch (fault) {
  process.stderr.write(`${fault instanceof Error ? fault.message : String(fault)}\n`)
  process.exitCode = 1
}
