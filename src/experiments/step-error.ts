/** The error of a failed step: its position in the file, what went wrong, and how to continue. */
import { Cause } from "effect"
import { diskProblem } from "../pipeline/disk.ts"
import { showPosition } from "../pipeline/fault.ts"
import { originOf } from "../pipeline/origin.ts"
import type { Running } from "../pipeline/watch.ts"
import { RunError } from "./run-error.ts"

/** The place of the failing step, in front of its message. */
export const placed = (name: string, stage: Running | undefined): string => {
  if (stage === undefined) return `pipelines.${name}`
  const { at } = originOf(stage.step)
  const path = `pipelines.${name}.${stage.step.name}`
  return at === undefined ? path : `${showPosition(at)}: ${path}`
}

/** A failure of a step, with the place of the step in the file. */
export class StepError extends RunError {}

/** An error that explains itself has said all; several such sentences are one problem. */
const explanation = (error: Error): string => error.message.replace(/\.$/, "")

/**
 * A step's failure as one message: codes of the file system in words, defects with their stack.
 *
 * @param where the place of the step, see `placed`
 * @param remedy how to continue, see `afterFailure`
 */
export const stepError = (where: string, cause: Cause.Cause<unknown>, remedy: string): StepError => {
  const error = Cause.squash(cause)
  if (error instanceof Error && "_tag" in error) {
    return new StepError({ subject: where, problem: explanation(error), remedy, cause })
  }
  const problem = diskProblem(error)
  if (problem !== undefined) {
    const { path } = error as NodeJS.ErrnoException
    return new StepError({ subject: where, problem: `${path ?? "writing"}: ${problem}`, remedy, cause })
  }
  return new StepError({
    subject: where,
    problem: Cause.pretty(cause),
    remedy: "This is a fault of orbitrank itself: please report it",
    cause
  })
}
