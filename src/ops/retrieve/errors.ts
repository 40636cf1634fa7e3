import { Effect } from "effect"
import { explained } from "../../pipeline/explained.ts"
import { messageOf } from "../../pipeline/words.ts"

/** Embeddings that cannot be ranked or saved. */
export class RetrieveError extends explained("RetrieveError") {}

/** What the file system has thrown at writing, as an error that names the file. */
export const unwritable = (path: string, cause: unknown): RetrieveError =>
  new RetrieveError({
    subject: path,
    problem: `cannot be written (${messageOf(cause)})`,
    remedy: "Make room for it, or choose another run folder",
    cause
  })

/** Runs a pure function that throws `RetrieveError`; what else it throws is a defect. */
export const attempt = <A>(run: () => A): Effect.Effect<A, RetrieveError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (fault) {
      return fault instanceof RetrieveError ? Effect.fail(fault) : Effect.die(fault)
    }
  })
