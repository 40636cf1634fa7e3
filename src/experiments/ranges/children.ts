/** Processes that make ranges, started when they are needed, and again if they died. */
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, type Scope, Semaphore } from "effect"
import { explained } from "../../pipeline/explained.ts"
import { loaderOf } from "../../pipeline/loader.ts"
import type { Reply } from "./child.ts"
import type { Facts } from "./part-files.ts"
import { nameOf, PartError, type RangeFailure, type Task } from "./task.ts"

/** A process ended while it made a range. */
export class ChildDied extends explained("ChildDied") {}

/** A range failed in a child as it would have failed here. */
export class ChildFailed extends PartError {
  readonly failure: RangeFailure
  constructor(failure: RangeFailure) {
    super({ subject: failure.subject, problem: failure.problem, remedy: failure.remedy })
    this.failure = failure
  }
}

/** The first file of a child. */
const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url))

/** Makes ranges by other processes. */
export interface Children {
  readonly size: number
  readonly make: (task: Task) => Effect.Effect<Facts, ChildDied | ChildFailed>
}

export interface ChildrenOptions {
  readonly size: number
  /** Name of this process, for the record. */
  readonly worker: string
  /** Working directory of the children. */
  readonly cwd?: string
  /** Environment variables that children do not get: they may be secrets. */
  readonly without?: ReadonlyArray<string>
}

/** Asks one child for one range. */
const ask = (child: ChildProcess, task: Task): Effect.Effect<Facts, ChildDied | ChildFailed> =>
  Effect.callback((resume) => {
    const off = () => {
      child.off("message", heard)
      child.off("exit", died)
    }
    const died = (code: number | null, signal: string | null) => {
      off()
      const why = signal ?? `exit code ${code}`
      resume(new ChildDied({ subject: nameOf(task), problem: `its process ended (${why})`, remedy: "" }))
    }
    const heard = (reply: Reply) => {
      if (!("key" in reply) || reply.key !== task.key) return
      off()
      resume("failure" in reply ? Effect.fail(new ChildFailed(reply.failure)) : Effect.succeed(reply.facts))
    }
    child.on("message", heard)
    child.on("exit", died)
    if (!child.connected) return died(child.exitCode, child.signalCode)
    child.send(task)
    return Effect.sync(off)
  })

/** Opens children that end with the scope. */
export const openChildren = ({
  cwd,
  size,
  without = [],
  worker
}: ChildrenOptions): Effect.Effect<Children, never, Scope.Scope> =>
  Effect.gen(function* () {
    const idle: Array<ChildProcess> = []
    const all = new Set<ChildProcess>()
    const turns = yield* Semaphore.make(size)
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !without.includes(name)))
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const child of all) child.kill("SIGKILL")
      })
    )
    const start = () => {
      const execArgv = [...loaderOf(CHILD)]
      const options = { execArgv, env, ...(cwd === undefined ? {} : { cwd }) }
      const child = fork(CHILD, [worker], { ...options, stdio: ["ignore", "inherit", "inherit", "ipc"] })
      all.add(child)
      child.on("exit", () => {
        all.delete(child)
        const at = idle.indexOf(child)
        if (at >= 0) idle.splice(at, 1)
      })
      child.on("error", () => {})
      return child
    }
    const make = (task: Task) =>
      Effect.acquireUseRelease(
        Effect.sync(() => idle.pop() ?? start()),
        (child) => Effect.map(ask(child, task), (facts) => ({ facts })),
        (child, exit) =>
          Effect.sync(() => {
            // An interrupted child still computes; another one is started if there is more to do.
            const answered = exit._tag === "Success" || !exit.cause.reasons.some(({ _tag }) => _tag === "Interrupt")
            if (answered && child.connected) idle.push(child)
            else child.kill("SIGKILL")
          })
      )
    return { size, make: (task) => turns.withPermit(Effect.map(make(task), ({ facts }) => facts)) }
  })
