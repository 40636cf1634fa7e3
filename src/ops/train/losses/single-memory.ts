/** Memory that WebAssembly and the threads of a team share: room for one batch at a time, kept for the next ones. */
import { MOST_PAGES, PAGE, wasm } from "../../wasm.ts"
import type { Team } from "../../workers/loops.ts"
import { hasTiles, type SharedMemory } from "./single-kernel.ts"

/** Largest memory, in bytes. */
const MOST_BYTES = 2 ** 30

/** A memory, as single-precision numbers. */
export interface SingleMemory extends SharedMemory {
  readonly floats: Float32Array
}

const memories = new WeakMap<object, SingleMemory>()
/** The key of batches that are computed without a team. */
const ALONE = {}
let made = 0

/**
 * Memory for `length` numbers with any content, valid until the next call for the same team; undefined if it would be too large, or
 * if this engine has no WebAssembly with SIMD.
 */
export const singleMemory = (team: Team | undefined, length: number): SingleMemory | undefined => {
  if (wasm === undefined || !hasTiles() || 4 * length > MOST_BYTES) return undefined
  const known = memories.get(team ?? ALONE)
  if (known !== undefined && known.floats.length >= length) return known
  // A power of two, so that few memories are replaced by larger ones: threads free memory late.
  const initial = 2 ** Math.ceil(Math.log2(Math.ceil((4 * length) / PAGE)))
  const memory = new wasm.Memory({ initial, maximum: MOST_PAGES, shared: true })
  const fresh = { memory, id: made++, floats: new Float32Array(memory.buffer) }
  memories.set(team ?? ALONE, fresh)
  return fresh
}
