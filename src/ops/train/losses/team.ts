/** The threads that share the loops of losses. */
import { Effect, type Scope } from "effect"
import { type OpenTeam, openTeam } from "../../workers/team.ts"
import { MOST_THREADS, Threads } from "../../workers/threads.ts"

const module = new URL("./loops-work.ts", import.meta.url)

/** A team of up to `size` threads, for plain programs; the caller closes it. */
export const lossTeam = (size: number): OpenTeam => openTeam(module, Math.min(size, MOST_THREADS))

/** The team of a run, until the scope ends; none if the run has one thread. Threads start with the first large batch. */
export const teamOfRun: Effect.Effect<OpenTeam | undefined, never, Scope.Scope> = Effect.flatMap(Threads, (threads) =>
  threads === 1
    ? Effect.succeed(undefined)
    : Effect.acquireRelease(
        Effect.sync(() => lossTeam(threads)),
        (team) => Effect.sync(team.close)
      )
)
