/** A step that failed, in words: where it stands in the file, what went wrong, and how to go on. */
import { Cause } from "effect"
import { showPosition } from "../pipeline/fault.ts"
import { originOf } from "../pipeline/origin.ts"
import type { Running } from "../pipeline/watch.ts"
import { RunError } from "./run-error.ts"

/** Puts the place of the failing step in front of its message. */
export const placed = (name: string, stage: Running | undefined): string => {
  if (stage === undefined) return `pipelines.${name}`
  const { at } = originOf(stage.step)
  const path = `pipelines.${name}.${stage.step.name}`
  return at === undefined ? path : `${showPosition(at)}: ${path}`
}

/** A failure of a step, with the place of the step in the file. */
export class StepError extends RunError {}

const DISK: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EROFS: "the file system is read-only",
  EMFILE: "too many open files"
}

/** What is said of going on: a file that starts anew each time needs no word of it. */
const AGAIN = {
  goesOn:
    "After mending it, the same command goes on from here; a changed configuration needs `--fresh` or another `--out`",
  unlessFresh:
    "After mending it, the same command without `--fresh` goes on from here; a changed configuration needs it or another `--out`",
  anew: ""
}

/** How the next run of a plan begins, by its file and by the command line. */
export type Again = keyof typeof AGAIN

/** A step's failure as one message; the file system's codes in words, defects with their stack. */
export const stepError = (where: string, cause: Cause.Cause<unknown>, next: Again): StepError => {
  const error = Cause.squash(cause)
  const again = AGAIN[next]
  if (error instanceof Error && "_tag" in error) {
    return new StepError({ subject: where, problem: error.message.replace(/\.$/, ""), remedy: again, cause })
  }
  const { code, path } = error as NodeJS.ErrnoException
  if (code !== undefined && code in DISK) {
    return new StepError({ subject: where, problem: `${path ?? "writing"}: ${DISK[code]}`, remedy: again, cause })
  }
  return new StepError({
    subject: where,
    problem: Cause.pretty(cause),
    remedy: "This is a fault of orbitrank itself: please report it",
    cause
  })
}
