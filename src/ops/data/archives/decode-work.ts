/** Decodes on a worker thread. Does not import Effect, which takes each thread a second to load. */
import type { PatchRef, RawPatch } from "../../elements.ts"
import type { Work } from "../../workers/thread.ts"
import { decodePatch } from "./open-archive.ts"

/** A patch, and notes on its files. */
export interface Decoded {
  readonly patch: RawPatch
  readonly notes: ReadonlyArray<string>
}

export const work: Work<undefined, PatchRef, Decoded> = () => async (reference) => {
  const notes: Array<string> = []
  const patch = await decodePatch(reference, (text) => notes.push(text))
  return { output: { patch, notes }, transfer: [...new Set(patch.bands.map(({ data }) => data.buffer))] }
}
