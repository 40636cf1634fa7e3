/** One process at a time in a run folder. */
import { Effect, type Scope } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { RunError } from "../run-error.ts"
import { BEAT, takeLock } from "./lock-file.ts"

/** Holds the lock of a folder while the scope lasts; a lock whose process has ended is taken over. */
export const lock = (folder: string): Effect.Effect<void, RunError, Scope.Scope> =>
  Effect.gen(function* () {
    const held = yield* Effect.acquireRelease(
      attempt(RunError)(() => takeLock(folder)),
      ({ release }) => Effect.sync(release)
    )
    yield* Effect.sync(held.refresh).pipe(Effect.delay(BEAT), Effect.forever, Effect.forkScoped)
  })
