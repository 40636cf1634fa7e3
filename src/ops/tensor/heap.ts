/**
 * WebAssembly's memory, counted. It ends at 4 GiB, and the library does not notice: an allocation that fails is address 0,
 * and what is written there spoils others.
 */
import { EngineMemoryError } from "./engine-error.ts"
import type { Tf } from "./tfjs.ts"

/** What WebAssembly can address, less what its kernels take for themselves beside the tensors. */
export const HEAP_LIMIT = 3.75 * 2 ** 30

interface Module {
  _malloc: (bytes: number) => number
  _free: (address: number) => void
}

export interface Heap {
  /** Most bytes that may be allocated at one time. */
  limit: number
  used: number
  /** Most bytes since it was last set. */
  peak: number
}

const heaps = new WeakMap<Module, Heap>()

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

/** Counts and limits the tensors of the started WebAssembly backend; a second call sets the limit only. */
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
    // Addresses come back without their sign.
    const bytes = sizes.get(address) ?? sizes.get(address | 0) ?? 0
    sizes.delete(sizes.has(address) ? address : address | 0)
    heap.used -= bytes
    free(address)
  }
  heaps.set(module, heap)
  return heap
}
