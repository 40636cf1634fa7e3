/** Decoding on a worker thread. Imports no Effect, which would take each thread a second to load. */
import type { PatchRef, RawPatch } from "../../elements.ts"
import type { Work } from "../../workers/thread.ts"
import { decodePatch } from "./open-archive.ts"

export const work: Work<undefined, PatchRef, RawPatch> = () => async (reference) => {
  const output = await decodePatch(reference)
  return { output, transfer: [...new Set(output.bands.map(({ data }) => data.buffer))] }
}
