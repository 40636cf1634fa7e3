/** The threads that share the large convolutions of a WebAssembly engine. */
import { Effect, type Scope } from "effect"
import type { Team } from "../../workers/loops.ts"
import { type OpenTeam, openTeam } from "../../workers/team.ts"
import { MOST_THREADS, Threads } from "../../workers/threads.ts"
import type { Engine } from "../operations.ts"

/** A team of up to `size` threads, for plain programs; the caller closes it. */
export const tileTeam = (size: number): OpenTeam =>
  openTeam(new URL("./work.ts", import.meta.url), Math.min(size, MOST_THREADS))

/** Large loops that are computed before threads start, because starting them costs as much as some of these. */
const PATIENCE = 64

/** Milliseconds that threads wait for another user before they end: the next pipeline of a run uses them again. */
const IDLE = 10_000

/** The same team, which computes its first loops on the calling thread alone. @param failed called before it throws */
const patient = (team: Team, failed: () => void): Team => {
  let loops = 0
  return {
    ...team,
    run: (loop, data, count) => {
      loops++
      try {
        if (loops > PATIENCE) team.run(loop, data, count)
        else loop.rows(data)(0, count)
      } catch (cause) {
        failed()
        throw cause
      }
    }
  }
}

/** A team that several users share. */
interface Lent {
  readonly team: Team
  readonly close: () => void
  users: number
  ending: NodeJS.Timeout | undefined
}

/** Teams of this process by their size. */
const lent = new Map<number, Lent>()

/** Borrows the team of a size. Returns it with a function that gives it back. */
const borrowed = (size: number) => {
  const forget = (one: Lent) => {
    if (lent.get(size) === one) lent.delete(size)
  }
  const made = (): Lent => {
    const open = tileTeam(size)
    // A thread of a failed team may have ended, so nobody borrows it again.
    const one: Lent = { team: patient(open, () => forget(one)), close: open.close, users: 0, ending: undefined }
    return one
  }
  const one = lent.get(size) ?? made()
  lent.set(size, one)
  clearTimeout(one.ending)
  one.users++
  const end = () => {
    forget(one)
    one.close()
  }
  const back = () => {
    one.users--
    if (one.users === 0) one.ending = setTimeout(end, IDLE).unref()
  }
  return { team: one.team, back }
}

/**
 * Lets an engine use the threads of the run until the scope ends. They start after some large loops, serve all pipelines one after
 * another, and change no digit.
 */
export const onThreads = (engine: Engine): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const threads = yield* Threads
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const own = threads === 1 ? undefined : borrowed(threads)
        return { back: own?.back, end: engine.share(own?.team) }
      }),
      ({ back, end }) =>
        Effect.sync(() => {
          end()
          back?.()
        })
    )
  })
