import { Effect } from "effect"
import { explained } from "../../pipeline/explained.ts"

/** Data that are not as they must be: a file, a patch, a header, a label. */
export class DataError extends explained("DataError") {}

/** A store of patches that cannot be opened, read or written. */
export class StoreError extends explained("StoreError") {}

/** Runs a pure function that throws `DataError`; what else it throws is a defect. */
export const attempt = <A>(run: () => A): Effect.Effect<A, DataError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (fault) {
      return fault instanceof DataError ? Effect.fail(fault) : Effect.die(fault)
    }
  })
