import { Effect } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { explained } from "../../pipeline/explained.ts"
import { messageOf } from "../../pipeline/words.ts"

/** Training cannot begin, cannot continue, or cannot write one of its files. */
export class TrainError extends explained("TrainError") {}

/** Reads or writes a file of training; a failure names the file. */
export const withFile = <A>(path: string, body: () => A): Effect.Effect<A, TrainError> =>
  Effect.mapError(attempt(Error)(body), (cause) =>
    cause instanceof TrainError
      ? cause
      : new TrainError({
          subject: path,
          problem: messageOf(cause).replace(/\.$/, ""),
          remedy: "Free disk space and check that the folder is writable; move the file away if it is damaged",
          cause
        })
  )
