import { Effect } from "effect"
import { explained } from "../../pipeline/explained.ts"

/** Embeddings that cannot be ranked or saved. */
export class RetrieveError extends explained("RetrieveError") {}

/** Runs a pure function that throws `RetrieveError`; what else it throws is a defect. */
export const attempt = <A>(run: () => A): Effect.Effect<A, RetrieveError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (fault) {
      return fault instanceof RetrieveError ? Effect.fail(fault) : Effect.die(fault)
    }
  })
