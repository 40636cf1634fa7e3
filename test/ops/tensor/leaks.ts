import { Effect } from "effect"
import type { Engine } from "../../../src/ops/tensor/engine.ts"

/** Fails unless as many tensors are alive after `body` as before it. */
export const balanced = <A, E, R>(engine: Engine, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const before = engine.live()
    const result = yield* body
    const more = engine.live() - before
    if (more !== 0) throw new Error(`${Math.abs(more)} tensors ${more > 0 ? "leaked" : "were freed twice"}`)
    return result
  })
