/** Loops of losses in a worker thread. It does not import Effect, which would take each thread a second to load. */
import { type Job, type Loop, takePart } from "../../workers/loops.ts"
import type { Work } from "../../workers/thread.ts"
import { gradientRows, productRows, similarityPairs } from "./cosine.ts"
import { gradedAnchors, groupedAnchors } from "./precisions.ts"
import { recallAnchors } from "./recall-anchors.ts"
import { boundedAnchors } from "./roadmap-anchors.ts"

/** Every loop that threads share. A new one is added here. */
const loops = [similarityPairs, gradientRows, productRows, groupedAnchors, gradedAnchors, boundedAnchors, recallAnchors]

const byName = new Map(loops.map((loop) => [loop.name, loop as Loop<unknown>]))

export const work: Work<undefined, Job, undefined> = () => (job) => {
  const loop = byName.get(job.name)
  // The calling thread computes all rows of a loop that is missing here.
  if (loop !== undefined) takePart(loop, job)
  return { output: undefined }
}
