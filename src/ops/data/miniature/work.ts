/** Drawing and writing patches on a worker thread. Imports no Effect, which would take each thread a second to load. */

import { fileError } from "../../formats/data-error.ts"
import type { Work } from "../../workers/thread.ts"
import { type MiniatureOptions, makerOf } from "./archive.ts"

export interface Archive {
  readonly folder: string
  readonly options: MiniatureOptions
}

/** Makes the patches of these places in the order of names, unless they are there. */
export const work: Work<Archive, ReadonlyArray<number>, undefined> = ({ folder, options }) => {
  const make = makerOf(folder, options)
  return (places) => {
    try {
      for (const i of places) make(i)
    } catch (cause) {
      throw fileError(folder)(cause)
    }
    return { output: undefined }
  }
}
