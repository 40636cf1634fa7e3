import { Effect } from "effect"
import { explained } from "../../pipeline/explained.ts"
import { messageOf } from "../../pipeline/words.ts"

/** A report, a picture or one of their files cannot be shown, read or written. */
export class ShowError extends explained("ShowError") {}

/** Runs code that reads or writes `path`; an exception becomes an error that names the file. */
export const touching = <A>(path: string, run: () => A): Effect.Effect<A, ShowError> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      cause instanceof ShowError
        ? cause
        : new ShowError({
            subject: path,
            problem: `cannot be read or written (${messageOf(cause)})`,
            remedy: "Free disk space and check the permissions of the folder, or use `--fresh` to start from scratch",
            cause
          })
  })
