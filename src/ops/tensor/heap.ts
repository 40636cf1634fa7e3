/**
 * Counts and limits the memory of WebAssembly, which ends at 4 GiB. The library does not notice that: a failed allocation
 * returns address 0, and data that is written there overwrites other data.
 */
import { EngineMemoryError } from "./engine-error.ts"
import type { Tf } from "./tfjs.ts"

/** Bytes for tensors: the 4 GiB that WebAssembly can address, less the kernels' own memory. */
export const HEAP_LIMIT = 3.75 * 2 ** 30

interface Module {
  _malloc: (bytes: number) => number
  _free: (address: number) => void
}

export interface Heap {
  /** Largest number of bytes that may be allocated at one time. */
  limit: number
  used: number
  /** Largest number of bytes that were allocated at one time since this was last set. */
  peak: number
}

const heaps = new WeakMap<Module, Heap>()

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

/** Starts to count and limit the tensors of the WebAssembly backend, which runs already; a second call only sets the limit. */
export const guardHeap = (tf: Tf, limit: number): Heap => {
  const { wasm: module } = tf.engine().registry.wasm as unknown as { readonly wasm: Module }
  const known = heaps.get(module)
  if (known !== undefined) return Object.assign(known, { limit })
  // Both functions replace themselves when first called.
  module._free(module._malloc(8))
  const { _malloc: malloc, _free: free } = module
  const heap: Heap = { limit, used: 0, peak: 0 }
  const sizes = new Map<number, number>()
  module._malloc = (bytes) => {
    const address = heap.used + bytes > heap.limit ? 0 : malloc(bytes)
    if (address === 0 && bytes > 0) {
      throw new EngineMemoryError({
        subject: "WebAssembly",
        problem: `its memory of ${mebibytes(heap.limit)} is full`,
        remedy: "Use smaller batches or images, or `device: tensorflow`"
      })
    }
    sizes.set(address, bytes)
    heap.used += bytes
    heap.peak = Math.max(heap.peak, heap.used)
    return address
  }
  module._free = (address) => {
    // The address of an allocation above 2 GiB may be given back as a positive number, but was recorded as a negative one.
    const bytes = sizes.get(address) ?? sizes.get(address | 0) ?? 0
    sizes.delete(sizes.has(address) ? address : address | 0)
    heap.used -= bytes
    free(address)
  }
  heaps.set(module, heap)
  return heap
}
