import { Effect } from "effect"
import { DataError } from "../formats/faults.ts"

export { DataError, StoreError } from "../formats/faults.ts"

/** Runs a pure function that throws `DataError`; what else it throws is a defect. */
export const attempt = <A>(run: () => A): Effect.Effect<A, DataError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (fault) {
      return fault instanceof DataError ? Effect.fail(fault) : Effect.die(fault)
    }
  })
