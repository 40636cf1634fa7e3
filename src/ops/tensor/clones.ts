/** Clones of tensors on WebAssembly that share the memory of the original. */
import type { BackendName } from "./memory.ts"
import type { Info, Tf } from "./tfjs.ts"

interface Backend {
  /** Counts one more tensor that uses an allocation; it is freed with the last of them. */
  readonly incRef: (dataId: object) => void
}

const REGISTERED = new WeakSet<Tf>()

/**
 * Replaces the kernel that clones tensors. The library's own copies the values, so that every result that is saved for a backward
 * pass would be in memory twice. Tensors are never changed in place, so that clones may share them.
 */
export const shareClones = (tf: Tf, backendName: BackendName): void => {
  if (backendName !== "wasm" || REGISTERED.has(tf)) return
  REGISTERED.add(tf)
  tf.unregisterKernel("Identity", backendName)
  tf.registerKernel({
    kernelName: "Identity",
    backendName,
    kernelFunc: ({ backend, inputs }) => {
      const { dataId, dtype, shape } = inputs.x as Info
      ;(backend as Backend).incRef(dataId)
      return { dataId, dtype, shape }
    }
  })
}
