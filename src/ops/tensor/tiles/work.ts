/** Products of tiles in a worker thread. It does not import Effect. */
import { type Job, takePart } from "../../workers/loops.ts"
import type { Work } from "../../workers/thread.ts"
import { tileProducts } from "./multiply.ts"

export const work: Work<undefined, Job, undefined> = () => {
  const loop = tileProducts()
  return (job) => {
    takePart(loop, job)
    return { output: undefined }
  }
}
