/** Loops of losses in a worker thread. It does not import Effect, which would take each thread a second to load. */
import { type Job, type Loop, takePart } from "../../workers/loops.ts"
import type { Work } from "../../workers/thread.ts"
import { directedRows, gradientRows, productRows, similarityPairs, unitPanels } from "./cosine.ts"
import { centredRows } from "./csq-rows.ts"
import { codePanels, codeRows } from "./hash-codes.ts"
import { gradedAnchors, groupedAnchors } from "./precisions.ts"
import { recallAnchors } from "./recall-anchors.ts"
import { boundedAnchors } from "./roadmap-anchors.ts"
import { productPanels } from "./single-rows.ts"
import { spreadRows, termRows } from "./term-rows.ts"

/** Every loop that threads share. A new one is added here. */
const loops = [
  unitPanels,
  similarityPairs,
  gradientRows,
  productRows,
  productPanels,
  directedRows,
  groupedAnchors,
  gradedAnchors,
  boundedAnchors,
  recallAnchors,
  codePanels,
  codeRows,
  centredRows,
  termRows,
  spreadRows
]

const byName = new Map(loops.map((loop) => [loop.name, loop as Loop<unknown>]))

export const work: Work<undefined, Job, undefined> = () => (job) => {
  const loop = byName.get(job.name)
  // The calling thread computes all rows of a loop that is missing here.
  if (loop !== undefined) takePart(loop, job)
  return { output: undefined }
}
