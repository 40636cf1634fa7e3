/** A loop for the tests of teams, whose other threads end before they finish a row. */
import { type Job, type Loop, takePart } from "../../../src/ops/workers/loops.ts"
import type { Work } from "../../../src/ops/workers/thread.ts"

/** How a row ends: with its thread, or by an error. */
export type End = "exit" | "error"

/** Data of the loop. `begun` [1] becomes 1 when another thread has claimed a row. */
export interface Doomed {
  readonly end: End
  readonly begun: Int32Array
}

const endings: Readonly<Record<End, () => void>> = {
  exit: () => process.exit(3),
  error: () => {
    throw new Error("a bug")
  }
}

const doomed: Loop<Doomed> = {
  name: "doomed",
  rows:
    ({ begun, end }) =>
    () => {
      Atomics.store(begun, 0, 1)
      Atomics.notify(begun, 0)
      endings[end]()
    }
}

export const work: Work<undefined, Job, undefined> = () => (job) => {
  takePart(doomed, job)
  return { output: undefined }
}
