/** The threads that share the large convolutions of a WebAssembly engine. */
import { Effect, type Scope } from "effect"
import type { Team } from "../../workers/loops.ts"
import { type OpenTeam, openTeam } from "../../workers/team.ts"
import { MOST_THREADS, Threads } from "../../workers/threads.ts"
import type { Engine } from "../operations.ts"

/** A team of up to `size` threads, for plain programs; the caller closes it. */
export const tileTeam = (size: number): OpenTeam =>
  openTeam(new URL("./work.ts", import.meta.url), Math.min(size, MOST_THREADS))

/** Large convolutions that are computed before threads start, because starting them costs as much as some of these. */
const PATIENCE = 64

/** The same team, which computes its first loops on the calling thread alone. */
const patient = (team: Team): Team => {
  let loops = 0
  return {
    ...team,
    run: (loop, data, count) => {
      loops++
      if (loops > PATIENCE) team.run(loop, data, count)
      else loop.rows(data)(0, count)
    }
  }
}

/**
 * Lets an engine use the threads of the run until the scope ends. They start after some large convolutions, and change no
 * digit.
 */
export const onThreads = (engine: Engine): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const threads = yield* Threads
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const team = threads === 1 ? undefined : tileTeam(threads)
        return { team, end: engine.share(team && patient(team)) }
      }),
      ({ end, team }) =>
        Effect.sync(() => {
          end()
          team?.close()
        })
    )
  })
