/** The loops of the WebAssembly engine in a worker thread. It does not import Effect. */
import { type Job, type Loop, takePart } from "../../workers/loops.ts"
import type { Work } from "../../workers/thread.ts"
import { adamUpdates } from "./adam.ts"
import { channelScaling } from "./channel-scaling.ts"
import { channelSums } from "./channel-sums.ts"
import { tileProducts } from "./multiply.ts"
import { poolGradients } from "./pool.ts"
import { tileSpreads } from "./spread.ts"

const all = () => [tileProducts(), tileSpreads(), channelSums(), channelScaling(), adamUpdates(), poolGradients()]

export const work: Work<undefined, Job, undefined> = () => {
  const loops = new Map(all().map((loop) => [loop.name, loop as Loop<unknown>]))
  return (job) => {
    const loop = loops.get(job.name)
    // The calling thread computes all rows of a loop that is missing here.
    if (loop !== undefined) takePart(loop, job)
    return { output: undefined }
  }
}
