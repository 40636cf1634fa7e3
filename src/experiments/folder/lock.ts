/** One process at a time in a run folder. */
import { Effect, type Scope } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { RunError } from "../run-error.ts"
import { keepFresh } from "./lock-beat.ts"
import { takeLock } from "./lock-file.ts"

/** Milliseconds between two refreshes of a lock that is held. */
const BEAT = 10_000

/** Holds the lock of a folder while the scope lasts; a lock whose process has ended is taken over. */
export const lock = (folder: string): Effect.Effect<void, RunError, Scope.Scope> =>
  Effect.acquireRelease(
    attempt(RunError)(() => {
      const { path, release, text } = takeLock(folder, BEAT)
      return { release, stop: keepFresh(path, text, BEAT) }
    }),
    ({ release, stop }) =>
      Effect.sync(() => {
        stop()
        release()
      })
  ).pipe(Effect.asVoid)
