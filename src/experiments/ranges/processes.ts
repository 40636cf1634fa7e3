/** Ranges made by several processes of this machine. */
import { availableParallelism } from "node:os"
import { Effect, type Scope } from "effect"
import type { Children } from "./children.ts"
import { ChildDied, type ChildFailed, openChildren } from "./children.ts"
import { deadlyRange, MOST_DEATHS } from "./deadly.ts"
import type { Division, Makers } from "./division.ts"
import { type Task, type TaskSettings, taskOf } from "./task.ts"

/** Shows which stage failed, and fails as the range did. */
export const placedFailure = ({ segment }: Pick<Division, "segment">, error: ChildFailed): ChildFailed => {
  const stage = segment.stages[error.failure.stage ?? -1]
  if (stage !== undefined) segment.watcher.failed(stage)
  return error
}

/** Makes a range; if its process dies, another one tries. */
const persistently = (children: Children, task: Task, deaths = 1): ReturnType<Children["make"]> =>
  Effect.catchTag(children.make(task), "ChildDied", (died) =>
    deaths < MOST_DEATHS ? persistently(children, task, deaths + 1) : Effect.fail(died)
  )

/** Threads of each of several processes, if nothing is set: they share the processors. */
export const threadsFor = (processes: number): number => Math.max(1, Math.floor(availableParallelism() / processes))

/** Makes ranges by some processes. */
export const byChildren = (children: Children, settings: TaskSettings): Makers => ({
  concurrency: children.size,
  elsewhere: true,
  open: (division) =>
    Effect.succeed((job) => {
      const task = taskOf(division, job, { threads: threadsFor(children.size), ...settings })
      return Effect.mapError(persistently(children, task), (error) =>
        error instanceof ChildDied ? deadlyRange(task, error.problem, MOST_DEATHS) : placedFailure(division, error)
      )
    })
})

/** Makes ranges in a number of processes. They end with the scope. */
export const processes = (count: number, settings: TaskSettings): Effect.Effect<Makers, never, Scope.Scope> =>
  Effect.map(openChildren({ size: count, worker: "process" }), (children) => byChildren(children, settings))
