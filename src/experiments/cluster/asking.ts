/** Asks the workers of a cluster: offers ranges or runs to whoever is free, and hears their answers. */
import { randomUUID } from "node:crypto"
import { resolve } from "node:path"
import { Deferred, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type Address, serverOf } from "../../ops/postgres/address.ts"
import { databaseError } from "../../ops/postgres/client.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { removeWanted, wantedRun, writeWanted } from "../ranges/part-files.ts"
import { RunError } from "../run-error.ts"
import type { Progress } from "../running/progress.ts"
import { database, persistently, QUEUE_TABLE } from "./connect.ts"
import { type Fit, folderId, program, queueName } from "./fit.ts"
import { type Answer, answersOf, tasksOf, type Wanted } from "./queues.ts"
import { registry, whyNobody } from "./registry.ts"
import { soleAsker } from "./sole-asker.ts"

/** How a run uses a cluster. */
export interface ClusterOptions {
  readonly address: Address
  /** Whether workers with other engines may make ranges. */
  readonly anyEngine: boolean
}

/** Seconds without a worker after which the run says why. */
const PATIENCE = 10

/**
 * The id of a run: that of a killed one if its offers are still right, or a new one. Its wanted file goes with the scope. The
 * caller holds the lock of the folder: the wanted file of a run that is alive must not be taken for that of a killed one.
 */
const runId = ({ adopts, folder }: Asker) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const old = wantedRun(folder)
      if (old !== undefined && adopts) return old
      if (old !== undefined) removeWanted(folder, old)
      const id = randomUUID()
      writeWanted(folder, id)
      return id
    }),
    (id) => Effect.sync(() => removeWanted(folder, id))
  )

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
      yield* Effect.sync(() => progress.say(`This run waits for a worker: ${why}`))
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

/** Whoever asks. */
export interface Asker {
  /** Its folder, in which the file lies that says it still wants its answers. */
  readonly folder: string
  /** Whether keys hold everything that decides the answer, so that the offers of a killed run may still be answered. */
  readonly adopts: boolean
  readonly progress: Progress
  /** Kind of the engine that workers must have. */
  readonly engine: string
}

export interface Asking {
  /** Offers something to the workers, and waits for the answer. */
  readonly ask: (key: string, wanted: (id: string) => Wanted) => Effect.Effect<Answer>
  /** Number of suitable workers. */
  readonly workers: () => number
}

/** Opens the database, and the queues of one run or sweep. Everything of it goes from the database with the scope. */
export const openAsking = ({ address, anyEngine }: ClusterOptions, asker: Asker) =>
  Effect.gen(function* () {
    const { engine, folder, progress } = asker
    const shared = resolve(".")
    const services = yield* Layer.build(database(address))
    const fit: Fit = {
      program: program(),
      folder: yield* attempt(RunError)(() => folderId(shared)),
      engine: anyEngine ? "any" : engine
    }
    const waiting = new Map<string, Deferred.Deferred<Answer>>()
    let workers = 0
    const setUp = Effect.gen(function* () {
      yield* soleAsker(fit, folder)
      const id = yield* runId(asker)
      const tasks = yield* tasksOf(fit)
      const answers = yield* answersOf(id)
      yield* Effect.mapError(forgetEnded(fit, id), (cause) => databaseError(address, cause, RunError))
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
        progress,
        () => waiting.size > 0,
        (count) => {
          workers = count
        }
      )
      yield* Effect.forkScoped(say.pipe(persistently))
      return { id, tasks }
    })
    const { id, tasks } = yield* Effect.provide(setUp, services)
    progress.say(`  cluster: ${serverOf(address)}, shared folder ${shared}`)
    const ask = (key: string, wanted: (id: string) => Wanted): Effect.Effect<Answer> =>
      Effect.gen(function* () {
        const end = yield* Deferred.make<Answer>()
        waiting.set(key, end)
        yield* tasks.offer(wanted(id), { id: `${id}/${key}` }).pipe(persistently)
        const answer = yield* Deferred.await(end)
        waiting.delete(key)
        return answer
      })
    return { ask, workers: () => workers } satisfies Asking
  })
