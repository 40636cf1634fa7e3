/** Numbers of processes and threads on the command line. */
import { Effect } from "effect"
import { RunError } from "../run-error.ts"

/** More than any machine has processors is a mistake. */
const MOST = 1024

/**
 * The number that an option gives; undefined if it is not given.
 *
 * @param option its name, without dashes
 */
export const countOf = (
  option: string,
  given: string | number | undefined
): Effect.Effect<number | undefined, RunError> => {
  const count = given === undefined ? undefined : Number(given)
  if (count === undefined || (Number.isInteger(count) && count >= 1 && count <= MOST)) return Effect.succeed(count)
  return Effect.fail(
    new RunError({
      subject: `--${option} ${given}`,
      problem: `is not a number from 1 to ${MOST}`,
      remedy: "Give at most as many as this machine has processors"
    })
  )
}
