/** Standard output and standard error of a program: all of a text is written, or the failure is reported. */
import { Effect } from "effect"
import { diskProblem } from "./disk.ts"
import { explained } from "./explained.ts"
import { messageOf } from "./words.ts"
import { writeText } from "./write-text.ts"

/** Standard output cannot be written. */
export class OutputError extends explained("OutputError") {}

/** The error for a text that could not be written; undefined if nobody reads it any more, as after `| head`. */
export const outputFault = (cause: unknown): OutputError | undefined =>
  cause instanceof Error && "code" in cause && cause.code === "EPIPE"
    ? undefined
    : new OutputError({
        subject: "standard output",
        problem: `cannot be written: ${diskProblem(cause) ?? messageOf(cause)}`,
        remedy: "Free space there, or redirect it to another place",
        cause
      })

/**
 * Writes a text to standard output, as fast as that takes it.
 *
 * @returns false if nobody reads it any more, as after `| head`; fails for any other error, such as a full disk
 */
export const printed = (text: string): Effect.Effect<boolean, OutputError> =>
  Effect.flatMap(
    Effect.promise(() => writeText(process.stdout, text)),
    (cause) => {
      if (cause === undefined) return Effect.succeed(true)
      return outputFault(cause) ?? Effect.succeed(false)
    }
  )

/** Writes a line to standard error, and waits until it is written; if that fails, nothing more can be said. */
export const complained = (line: string): Effect.Effect<void> =>
  Effect.asVoid(Effect.promise(() => writeText(process.stderr, `${line}\n`)))
