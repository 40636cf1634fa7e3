import { Effect } from "effect"
import { MeasureError } from "./errors.ts"

/** Runs a pure function that throws `MeasureError`; what else it throws is a defect. */
export const attempt = <A>(run: () => A): Effect.Effect<A, MeasureError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (fault) {
      return fault instanceof MeasureError ? Effect.fail(fault) : Effect.die(fault)
    }
  })
