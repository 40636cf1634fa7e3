/** Which kernels of an engine take the time. */
import { createRequire } from "node:module"
import type * as tfjs from "@tensorflow/tfjs"

const tf = createRequire(import.meta.url)("@tensorflow/tfjs") as typeof tfjs

export interface KernelTime {
  readonly name: string
  /** Of the time that was measured. */
  readonly share: number
}

/** A function that adds what a call takes to a kernel's sum. Of kernels that call kernels, the outermost counts. */
const stopwatch = () => {
  const sums = new Map<string, number>()
  let inside = false
  const timed =
    <A extends ReadonlyArray<never>, B>(nameOf: (...args: A) => string, call: (...args: A) => B) =>
    (...args: A): B => {
      if (inside) return call(...args)
      inside = true
      const begun = performance.now()
      try {
        return call(...args)
      } finally {
        const name = nameOf(...args)
        sums.set(name, (sums.get(name) ?? 0) + performance.now() - begun)
        inside = false
      }
    }
  return { sums, timed }
}

type Timed = ReturnType<typeof stopwatch>["timed"]
type Execute = (name: string, ...rest: ReadonlyArray<never>) => unknown
interface Native {
  executeSingleOutput: Execute
  executeMultipleOutputs: Execute
}

/** TensorFlow's operations, by their own names. */
const watchNative = (timed: Timed): (() => void) => {
  const backend = tf.engine().findBackend("tensorflow") as unknown as Native
  const { executeMultipleOutputs, executeSingleOutput } = backend
  const watched = (execute: Execute): Execute =>
    timed((name: never) => name as string, execute.bind(backend) as (name: never) => unknown) as unknown as Execute
  backend.executeSingleOutput = watched(executeSingleOutput)
  backend.executeMultipleOutputs = watched(executeMultipleOutputs)
  return () => Object.assign(backend, { executeSingleOutput, executeMultipleOutputs })
}

const watchRegistered = (backend: string, timed: Timed): (() => void) => {
  const kernels = tf.getKernelsForBackend(backend)
  const before = kernels.map(({ kernelFunc }) => kernelFunc)
  for (const kernel of kernels) {
    kernel.kernelFunc = timed(() => kernel.kernelName, kernel.kernelFunc as never) as typeof kernel.kernelFunc
  }
  return () =>
    kernels.forEach((kernel, i) => {
      kernel.kernelFunc = before[i]
    })
}

/** The three kernels that take most of what `body` takes. */
export const slowest = (device: "wasm" | "tensorflow", body: () => unknown): ReadonlyArray<KernelTime> => {
  const { sums, timed } = stopwatch()
  const restore = device === "tensorflow" ? watchNative(timed) : watchRegistered(device, timed)
  const begun = performance.now()
  try {
    body()
  } finally {
    restore()
  }
  const whole = performance.now() - begun
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, ms]) => ({ name, share: ms / whole }))
}
