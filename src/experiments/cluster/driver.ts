/** Ranges made by workers that pull them from the database. */

import { randomUUID } from "node:crypto"
import { resolve } from "node:path"
import { Deferred, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { EngineError, TensorEngine } from "../../ops/tensor/engine.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { counted } from "../../pipeline/words.ts"
import type { EngineRecord } from "../folder/record.ts"
import { ChildFailed } from "../ranges/children.ts"
import type { Division, Job, Makers } from "../ranges/division.ts"
import {
  type Facts,
  isIntact,
  readFacts,
  removeWanted,
  sameEngine,
  wantedRun,
  writeWanted
} from "../ranges/part-files.ts"
import { placedFailure } from "../ranges/processes.ts"
import { nameOf, PartError, type Task, type TaskSettings, taskOf } from "../ranges/task.ts"
import { RunError } from "../run-error.ts"
import type { Progress } from "../running/progress.ts"
import { type Address, serverOf } from "./address.ts"
import { database, databaseError, persistently, QUEUE_TABLE } from "./connect.ts"
import { engineKind, type Fit, folderId, program, queueName } from "./fit.ts"
import { type Answer, answersOf, tasksOf } from "./queues.ts"
import { registry, whyNobody } from "./registry.ts"
import { packed } from "./shared-paths.ts"

/** How a run uses a cluster. */
export interface ClusterOptions {
  readonly address: Address
  /** Whether workers with other engines may make ranges. */
  readonly anyEngine: boolean
}

/** Seconds without a worker after which the run says why. */
const PATIENCE = 10

/** Seconds that a part may take to become visible in a shared folder. */
const VISIBLE = 60

/** The id of a run: that of a killed one, whose ranges may still be made, or a new one. Its wanted file goes with the scope. */
const runId = (folder: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const old = wantedRun(folder)
      if (old !== undefined) return old
      const id = randomUUID()
      writeWanted(folder, id)
      return id
    }),
    (id) => Effect.sync(() => removeWanted(folder, id))
  )

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

/** Says after some seconds that nobody takes the ranges, and why; once for each reason. */
const complaining = (fit: Fit, progress: Progress, waiting: () => boolean, seen: (workers: number) => void) =>
  Effect.gen(function* () {
    const { present } = yield* registry
    let idle = 0
    let said: string | undefined
    yield* Effect.gen(function* () {
      yield* Effect.sleep("1 second")
      const workers = yield* present
      const why = whyNobody(workers, fit)
      seen(workers.filter((one) => whyNobody([one], fit) === undefined).length)
      idle = waiting() && why !== undefined ? idle + 1 : 0
      if (why === undefined || idle < PATIENCE || why === said) return
      said = why
      yield* Effect.sync(() => progress.say(`Nobody takes the ranges of this run: ${why}.`))
    }).pipe(persistently, Effect.forever)
  })

/** Tasks of this run that ended are forgotten, so that they can be offered again if their parts are gone. */
const forgetEnded = (fit: Fit, run: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`DELETE FROM ${sql(QUEUE_TABLE)} WHERE queue_name = ${queueName(fit)} AND id LIKE ${`${run}/%`} AND state <> 'pending'`
  })

/** Everything of this run goes from the database. */
const forgetAll = (fit: Fit, run: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`DELETE FROM ${sql(QUEUE_TABLE)} WHERE queue_name = ${queueName(fit)} AND id LIKE ${`${run}/%`}`
    yield* sql`DELETE FROM ${sql(QUEUE_TABLE)} WHERE queue_name = ${`answers/${run}`}`
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
    const { address, anyEngine } = options
    const shared = resolve(".")
    const id = yield* runId(run.folder)
    const services = yield* Layer.build(database(address))
    const engine = yield* run.engine
    const fit: Fit = {
      program: program(),
      folder: yield* attempt(RunError)(() => folderId(shared)),
      engine: anyEngine ? "any" : engineKind(engine)
    }
    const waiting = new Map<string, Deferred.Deferred<Answer>>()
    let workers = 0
    const failed = (cause: unknown) => databaseError(address, cause)
    const setUp = Effect.gen(function* () {
      const tasks = yield* tasksOf(fit)
      const answers = yield* answersOf(id)
      yield* Effect.mapError(forgetEnded(fit, id), failed)
      yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(forgetAll(fit, id), "5 seconds")))
      const answered = answers.take((answer) =>
        Effect.suspend(() => {
          const known = waiting.get(answer.key)
          return known === undefined ? Effect.void : Deferred.succeed(known, answer)
        })
      )
      yield* answered.pipe(persistently, Effect.forever, Effect.forkScoped)
      const say = complaining(
        fit,
        run.progress,
        () => waiting.size > 0,
        (count) => {
          workers = count
        }
      )
      yield* Effect.forkScoped(say.pipe(persistently))
      return tasks
    })
    const tasks = yield* Effect.provide(setUp, services)
    run.progress.say(`  cluster: ${serverOf(address)}, shared folder ${shared}`)
    const one = (division: Division) => (job: Job) =>
      Effect.gen(function* () {
        const task = taskOf(division, job, run.settings)
        const travelling = yield* attempt(PartError)(() => packed(task, shared))
        const end = yield* Deferred.make<Answer>()
        waiting.set(job.key, end)
        yield* tasks.offer({ run: id, task: travelling }, { id: `${id}/${job.key}` }).pipe(persistently)
        const { failure, sha256 } = yield* Deferred.await(end)
        waiting.delete(job.key)
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
      words: () => `, ${counted(workers, "worker")}`,
      open: (division) => Effect.succeed(one(division))
    }
    return makers
  })
