/** Ranges made by workers that pull them from the database. */
import { resolve } from "node:path"
import { Effect } from "effect"
import type { EngineError, TensorEngine } from "../../ops/tensor/engine.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { counted } from "../../pipeline/words.ts"
import type { EngineRecord } from "../folder/record.ts"
import { ChildFailed } from "../ranges/children.ts"
import type { Division, Job, Makers } from "../ranges/division.ts"
import { type Facts, isIntact, readFacts, sameEngine } from "../ranges/part-files.ts"
import { placedFailure } from "../ranges/processes.ts"
import { nameOf, PartError, type Task, type TaskSettings, taskOf } from "../ranges/task.ts"
import type { Progress } from "../running/progress.ts"
import { type ClusterOptions, openAsking } from "./asking.ts"
import { engineKind } from "./fit.ts"
import { packed } from "./shared-paths.ts"
import { VISIBLE } from "./wanted.ts"

/** The facts of a part that a worker has made, once the shared folder shows them. */
const factsOf = (job: Job, task: Task, sha256: string | undefined): Effect.Effect<Facts, PartError> =>
  Effect.gen(function* () {
    for (let second = 0; second < VISIBLE; second++) {
      const facts = readFacts(job.path)
      if (facts !== undefined && (sha256 === undefined || facts.sha256 === sha256) && isIntact(job.path, facts))
        return facts
      yield* Effect.sleep("1 second")
    }
    return yield* new PartError({
      subject: nameOf(task),
      problem: `a worker has made it, but ${job.path}.part is not there after ${VISIBLE} seconds`,
      remedy: "Check that all machines mount the same folder, and that it has room"
    })
  })

/** What a run with a cluster knows of itself. */
export interface ClusterRun {
  readonly folder: string
  readonly settings: TaskSettings
  /** Opens the engine of this process, which those of workers must be like. */
  readonly engine: Effect.Effect<EngineRecord, EngineError, TensorEngine>
  readonly progress: Progress
}

const differs = (task: Task, facts: Facts, engine: EngineRecord): PartError =>
  new PartError({
    subject: nameOf(task),
    problem: `${facts.worker} made it on ${facts.engine === undefined ? "no engine" : engineKind(facts.engine)}, in another way than ${engineKind(engine)} here`,
    remedy: "Use the same `device` and `precision` everywhere, or `--any-engine`"
  })

/** Makes ranges by the workers of a cluster. */
export const cluster = (options: ClusterOptions, run: ClusterRun) =>
  Effect.gen(function* () {
    const { anyEngine } = options
    const shared = resolve(".")
    const engine = yield* run.engine
    const asking = yield* openAsking(options, { ...run, adopts: true, engine: engineKind(engine) })
    const one = (division: Division) => (job: Job) =>
      Effect.gen(function* () {
        const task = taskOf(division, job, run.settings)
        const travelling = yield* attempt(PartError)(() => packed(task, shared))
        const { failure, sha256 } = yield* asking.ask(job.key, (id) => ({ run: id, task: travelling }))
        if (failure !== undefined) return yield* placedFailure(division, new ChildFailed(failure))
        const facts = yield* factsOf(job, task, sha256)
        if (!anyEngine && facts.engine !== undefined && !sameEngine(facts.engine, engine)) {
          return yield* differs(task, facts, engine)
        }
        return facts
      })
    const makers: Makers = {
      concurrency: "unbounded",
      elsewhere: true,
      words: () => `, ${counted(asking.workers(), "worker")}`,
      open: (division) => Effect.succeed(one(division))
    }
    return makers
  })
