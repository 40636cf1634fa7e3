/** Draws and writes patches on a worker thread. Does not import Effect, which takes each thread a second to load. */
import { fileError } from "../../../formats/data-error.ts"
import type { Work as ThreadWork } from "../../../workers/thread.ts"
import { makerOf, type Work } from "./miniature.ts"

/** Makes the patches of these numbers unless they exist. */
export const work: ThreadWork<Work, ReadonlyArray<number>, undefined> = (data) => {
  const make = makerOf(data)
  return (places) => {
    try {
      for (const i of places) make(i)
    } catch (cause) {
      throw fileError(data.folder)(cause)
    }
    return { output: undefined }
  }
}
