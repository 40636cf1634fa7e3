import { Effect } from "effect"
import { explained } from "../../pipeline/explained.ts"

/** Something that cannot be shown or written: a report, a picture, a file that they need. */
export class ShowError extends explained("ShowError") {}

/** Runs what reads or writes `path`; what it throws becomes an error that names the file. */
export const touching = <A>(path: string, run: () => A): Effect.Effect<A, ShowError> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      cause instanceof ShowError
        ? cause
        : new ShowError({
            subject: path,
            problem: `cannot be read or written (${cause instanceof Error ? cause.message : cause})`,
            remedy: "Make room for it, or use `--fresh` to start anew",
            cause
          })
  })
