/** Tells the user which shapes run operation by operation although the engine has graphs. */
import { Effect } from "effect"
import { Run } from "../run.ts"
import type { Engine } from "./operations.ts"

/**
 * Returns an effect that says each new reason once and enters all of them in the record under `engine.withoutGraph`. It may run
 * after every batch, since it usually has nothing to do.
 */
export const withoutGraph = ({ graphs }: Engine): Effect.Effect<void, never, Run> => {
  let said = 0
  return Effect.gen(function* () {
    const reasons = graphs?.refused() ?? []
    if (reasons.length === said) return
    const { record, say } = yield* Run
    for (const reason of reasons.slice(said)) yield* say(`  no graph for ${reason}; each operation runs by itself`)
    said = reasons.length
    yield* record("engine.withoutGraph", reasons)
  })
}
