/** Ranges made one after another by the process that runs the pipeline. */
import { Effect } from "effect"
import type { Makers, RunFacts } from "./division.ts"
import { makePart, passPart } from "./make-part.ts"

/** Makes ranges in this process: parts that are there already are not made again, so that a killed run continues. */
export const here = ({ engine }: RunFacts): Makers => ({
  concurrency: 1,
  elsewhere: false,
  open: ({ open, segment }) =>
    Effect.succeed(({ path, range }) => makePart({ segment, open, worker: "here", engine }, range, path)),
  pass: ({ open, segment }, { range }, made) => passPart({ segment, open, worker: "here", engine }, range, made)
})
