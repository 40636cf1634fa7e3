/**
 * Starts the WebAssembly backend with memory that threads share. The library's own binary for one thread is used, so that its
 * kernels and their results stay the same; only the kind of its memory changes.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { wasm } from "../wasm.ts"
import type { Tf } from "./tfjs.ts"

/** The section of a WebAssembly module that defines its memory. */
const MEMORY_SECTION = 5

/** Kinds of a memory with a largest size: of one thread, and shared. */
const [ALONE, SHARED] = [1, 3]

/** Number in LEB128 at a place, and the place after it. */
const numberAt = (bytes: Uint8Array, at: number): readonly [number: number, next: number] => {
  let [value, next] = [0, at]
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next++]
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return [value, next]
  }
}

/**
 * A WebAssembly module whose memory threads share. Instructions for memory of one thread work on shared memory, too.
 *
 * @returns undefined if the module defines no memory with a largest size, or this engine cannot share memory
 */
export const sharingMemory = (module: Uint8Array): Uint8Array | undefined => {
  for (let at = 8; at < module.length; ) {
    const [size, begin] = numberAt(module, at + 1)
    if (module[at] === MEMORY_SECTION) {
      const changed = Uint8Array.from(module)
      const [count, kind] = numberAt(module, begin)
      if (count !== 1 || module[kind] !== ALONE) return undefined
      changed[kind] = SHARED
      return typeof SharedArrayBuffer !== "undefined" && wasm?.validate(changed) === true ? changed : undefined
    }
    at = begin + size
  }
  return undefined
}

/** Members that TensorFlow.js leaves out of its public types. */
interface Fetching {
  fetch?: unknown
}

/**
 * Runs `start`, which starts the WebAssembly backend. If the engine can share memory, the backend's memory is shared.
 *
 * @param setPaths sets where the backend's binaries lie, and whether it asks the platform of TensorFlow.js for them
 * @throws Error if the binary cannot be read
 */
export const startSharing = async <A>(
  tf: Tf,
  folder: string,
  setPaths: (prefix: string, byPlatform: boolean) => void,
  start: () => Promise<A>
): Promise<A> => {
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")
  const binary = sharingMemory(readFileSync(join(folder, `tfjs-backend-wasm${simd ? "-simd" : ""}.wasm`)))
  setPaths(`${folder}/`, binary !== undefined)
  if (binary === undefined) return start()
  const platform = tf.env().platform as Fetching
  platform.fetch = async () => ({ ok: true, arrayBuffer: async () => binary })
  try {
    return await start()
  } finally {
    // Its own function, which lies in its class, serves again.
    delete platform.fetch
  }
}
