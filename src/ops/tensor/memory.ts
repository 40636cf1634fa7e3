/**
 * Kernels and memory of a backend, below TensorFlow.js's bookkeeping. Gradients that are composed of kernels here leave no
 * temporaries on the tape or in a scope; each is freed as soon as it is no longer needed.
 */
import type { WasmMemory } from "../wasm.ts"
import type { Attrs, Info, Tf } from "./tfjs.ts"

export type BackendName = "wasm" | "cpu"

/** Some rows of a tensor's first axis. Call `release` afterwards. On `wasm` nothing is copied. */
export interface Rows {
  readonly info: Info
  readonly release: () => void
}

export interface Memory {
  /** Runs a kernel of the backend. The caller frees the result. */
  readonly kernel: (name: string, inputs: Readonly<Record<string, Info>> | ReadonlyArray<Info>, attrs?: Attrs) => Info
  readonly free: (info: Info) => void
  /** A float32 allocation with undefined content. */
  readonly make: (shape: ReadonlyArray<number>) => Info
  /** The values in place. Any later allocation may move them; then call this again. */
  readonly values: (info: Info) => Float32Array
  readonly rows: (info: Info, from: number, to: number) => Rows
  /** The memory that holds all values, for WebAssembly of our own; undefined if there is none. */
  readonly heap?: WasmMemory | undefined
}

export const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, n) => product * n, 1)

/** Returns the same allocation with another shape; free only one of the two. */
export const reshaped = (info: Info, shape: ReadonlyArray<number>): Info => ({
  dataId: info.dataId,
  dtype: info.dtype,
  shape: [...shape]
})

/** Members of both backends that TensorFlow.js leaves out of its public types. */
interface Backend {
  readonly disposeData: (id: object) => boolean
}
interface WasmBackend extends Backend {
  readonly makeOutput: (shape: ReadonlyArray<number>, dtype: "float32", byteOffset?: number) => Info
  readonly typedArrayFromHeap: (info: Info) => Float32Array
  readonly dataIdMap: { readonly get: (id: object) => { memoryOffset: number } }
  readonly wasm: { readonly asm?: { readonly memory?: WasmMemory } }
}
interface CpuBackend extends Backend {
  readonly makeTensorInfo: (shape: ReadonlyArray<number>, dtype: "float32", values: Float32Array) => Info
  readonly data: { readonly get: (id: object) => { readonly values: Float32Array } }
}

const rowsShape = (info: Info, from: number, to: number): Array<number> => [to - from, ...info.shape.slice(1)]

const wasmRows =
  (backend: WasmBackend): Memory["rows"] =>
  (info, from, to) => {
    const shape = rowsShape(info, from, to)
    const parent = backend.dataIdMap.get(info.dataId).memoryOffset
    const view = backend.makeOutput(shape, "float32", parent + 4 * from * sizeOf(shape.slice(1)))
    const release = () => {
      // Disposing frees the memory at the offset, which belongs to the parent; freeing address 0 does nothing.
      backend.dataIdMap.get(view.dataId).memoryOffset = 0
      backend.disposeData(view.dataId)
    }
    return { info: view, release }
  }

/** Returns the memory of a backend that TensorFlow.js has started. */
export const memoryOf = (tf: Tf, name: BackendName): Memory => {
  const started = tf.engine().registry[name] as unknown as Backend
  const kernel: Memory["kernel"] = (kernelName, inputs, attrs = {}) => {
    const config = tf.getKernel(kernelName, name)
    if (config === undefined) throw new TypeError(`the ${name} engine has no kernel ${kernelName}`)
    return config.kernelFunc({
      inputs: inputs as Record<string, Info>,
      attrs: { ...attrs } as never,
      backend: started
    }) as Info
  }
  const free = (info: Info) => void started.disposeData(info.dataId)
  if (name === "wasm") {
    const backend = started as WasmBackend
    return {
      kernel,
      free,
      make: (shape) => backend.makeOutput([...shape], "float32"),
      values: (info) => backend.typedArrayFromHeap(info),
      rows: wasmRows(backend),
      heap: backend.wasm.asm?.memory
    }
  }
  const backend = started as CpuBackend
  return {
    kernel,
    free,
    make: (shape) => backend.makeTensorInfo([...shape], "float32", new Float32Array(sizeOf(shape))),
    values: (info) => backend.data.get(info.dataId).values,
    rows: (info, from, to) => {
      const begin = info.shape.map((_, axis) => (axis === 0 ? from : 0))
      const slice = kernel("Slice", { x: info }, { begin, size: rowsShape(info, from, to) })
      return { info: slice, release: () => free(slice) }
    }
  }
}
