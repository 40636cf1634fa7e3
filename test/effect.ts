import { Effect, type Scope } from "effect"
import { it } from "vitest"

/** A vitest case that is an effect; interrupted when the runner gives it up. */
export const effect = <A, E>(name: string, body: () => Effect.Effect<A, E, Scope.Scope>, timeout?: number): void =>
  it(name, ({ signal }) => Effect.runPromise(Effect.asVoid(Effect.scoped(Effect.suspend(body))), { signal }), timeout)
