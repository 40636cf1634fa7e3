/** A worker: takes ranges from the database, and has them made by processes of its machine. */
import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { hostname } from "node:os"
import { resolve } from "node:path"
import { Effect, Layer, Schedule } from "effect"
import { type Address, serverOf } from "../../ops/postgres/address.ts"
import { type Device, openEngine } from "../../ops/tensor/engine.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { messageOf } from "../../pipeline/words.ts"
import { type ChildDied, ChildFailed, type Children, openChildren } from "../ranges/children.ts"
import { isIntact, readFacts, wantedFile } from "../ranges/part-files.ts"
import { deadly, MOST_DEATHS, threadsFor } from "../ranges/processes.ts"
import { nameOf, PartError, type RangeFailure, type Task } from "../ranges/task.ts"
import { RunError } from "../run-error.ts"
import { engineRecord } from "../running/engine.ts"
import { ADDRESS, ADDRESS_FILE } from "./address.ts"
import { database, persistently } from "./connect.ts"
import { engineKind, type Fit, folderId, program } from "./fit.ts"
import { type Answer, answersOf, type CellTask, tasksOf } from "./queues.ts"
import { registry } from "./registry.ts"
import { type CellLocked, runCell } from "./run-cell.ts"
import { unpacked } from "./shared-paths.ts"

export interface WorkerOptions {
  readonly address: Address
  readonly shared: string
  readonly processes: number
  readonly device: Device
  readonly threads: number | undefined
  readonly anyEngine: boolean
  readonly say: (line: string) => void
}

/** How often a range may be begun: by then its workers vanish again and again. */
const MOST_BEGINNINGS = 10

/** Notes that a range ended its process, where all workers see it. Returns how often that happened. */
const noteDeath = (task: Task): number => {
  const path = `${task.path}.died`
  appendFileSync(path, "died\n")
  return readFileSync(path, "utf8").split("\n").length - 1
}

const failureOf = ({ problem, remedy, subject }: PartError): RangeFailure => ({
  tag: "PartError",
  subject,
  problem,
  remedy
})

/** A fault of the machine, such as a full disk, as a failure. */
const faultOf = (subject: string, worker: string, cause: unknown): RangeFailure => ({
  subject,
  problem: `${worker}: ${messageOf(cause)}`,
  remedy: "Check the disk and the shared folder of this worker"
})

type Outcome = Pick<Answer, "failure" | "last" | "sha256">

/** Makes a range unless its part is there; a failure that another attempt may avoid is one of the effect. */
const outcomeOf = (
  children: Children,
  worker: string,
  task: Task,
  attempts: number
): Effect.Effect<Outcome, ChildDied> =>
  Effect.suspend(() => {
    const before = readFacts(task.path)
    if (before !== undefined && before.again !== true && isIntact(task.path, before))
      return Effect.succeed({ sha256: before.sha256 })
    if (attempts > MOST_BEGINNINGS) {
      return Effect.succeed({
        failure: failureOf(deadly(task, `its workers vanished ${attempts - 1} times, the last time`))
      })
    }
    return children.make(task).pipe(
      Effect.map(({ sha256 }): Outcome => ({ sha256 })),
      Effect.catchIf(
        (error) => error instanceof ChildFailed,
        ({ failure }) => Effect.succeed<Outcome>({ failure })
      ),
      Effect.catchTag("ChildDied", (died) =>
        Effect.suspend((): Effect.Effect<Outcome, ChildDied> => {
          const deaths = noteDeath(task)
          return deaths < MOST_DEATHS
            ? Effect.fail(died)
            : Effect.succeed({ failure: failureOf(deadly(task, `${died.problem} on ${worker}`)) })
        })
      )
    )
  })

/** What this worker may make, by its engine. */
const fitOf = ({ anyEngine, device, shared, threads }: WorkerOptions) =>
  Effect.gen(function* () {
    const engine = yield* openEngine(device, { threads: threads ?? 1 })
    const folder = yield* attempt(RunError)(() => folderId(shared))
    const fit: Fit = { program: program(), folder, engine: anyEngine ? "any" : engineKind(engineRecord(engine)) }
    return { fit, engine }
  })

/** A setting of the worker's machine replaces that of the run. */
const here = (task: Task, { device, processes, threads }: WorkerOptions): Task => ({
  ...task,
  settings: { ...task.settings, device: device as string, threads: threads ?? threadsFor(processes) }
})

/** Takes ranges until it is interrupted. A range that is being made then goes back to the queue. */
export const work = (options: WorkerOptions) =>
  Effect.gen(function* () {
    const { address, processes, say } = options
    const shared = resolve(options.shared)
    if (!existsSync(shared)) {
      return yield* new RunError({
        subject: shared,
        problem: "there is no such folder",
        remedy: "Name the shared folder by `--shared`: the one in which the run is called"
      })
    }
    const name = `${hostname()} ${process.pid}`
    const { engine, fit } = yield* fitOf({ ...options, shared })
    const services = yield* Layer.build(database(address))
    const children = yield* openChildren({
      ...{ size: processes, worker: name, cwd: shared, without: [ADDRESS, ADDRESS_FILE] }
    })
    say(`orbitrank worker ${name}: ${serverOf(address)}, ${shared}, ${processes} processes, engine ${engine.why}`)
    const program = Effect.gen(function* () {
      const tasks = yield* tasksOf(fit)
      const { beat, leave } = yield* registry
      yield* beat({ name, ...fit }).pipe(persistently, Effect.repeat(Schedule.spaced("5 seconds")), Effect.forkScoped)
      yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(leave(name), "2 seconds")))
      const makeRange = (run: string, travelling: Task, attempts: number) =>
        Effect.gen(function* () {
          const task = yield* attempt(PartError)(() => here(unpacked(travelling, shared), options))
          if (!existsSync(wantedFile(task.folder, run))) return undefined
          const outcome = yield* outcomeOf(children, name, task, attempts).pipe(
            Effect.catchDefect((cause) => Effect.succeed<Outcome>({ failure: faultOf(nameOf(task), name, cause) }))
          )
          say(`${nameOf(task)}: ${outcome.failure === undefined ? "made" : `failed: ${outcome.failure.problem}`}`)
          return outcome
        })
      const runOne = (run: string, cell: CellTask) =>
        Effect.gen(function* () {
          const outcome = yield* runCell(cell, { ...options, shared, run }).pipe(
            Effect.catchTag("RunError", (cause) =>
              Effect.succeed<Outcome>({ failure: faultOf(cell.name, name, cause) })
            ),
            Effect.catchDefect((cause) => Effect.succeed<Outcome>({ failure: faultOf(cell.name, name, cause) }))
          )
          if (outcome !== undefined) say(`${cell.name}: ${outcome.failure === undefined ? "done" : "failed"}`)
          return outcome
        })
      const one = tasks.take((wanted, { attempts }) =>
        Effect.gen(function* () {
          const making: Effect.Effect<Outcome | undefined, ChildDied | CellLocked | PartError> =
            "task" in wanted ? makeRange(wanted.run, wanted.task, attempts) : runOne(wanted.run, wanted.cell)
          const outcome = yield* Effect.catchTag(making, "PartError", (error) =>
            Effect.succeed<Outcome>({ failure: failureOf(error) })
          )
          if (outcome === undefined) return
          const { key } = "task" in wanted ? wanted.task : wanted.cell
          const answers = yield* answersOf(wanted.run)
          yield* answers.offer({ key, worker: name, ...outcome }).pipe(persistently)
        })
      )
      const loop = one.pipe(persistently, Effect.forever)
      yield* Effect.all(
        Array.from({ length: processes }, () => loop),
        { concurrency: "unbounded", discard: true }
      )
    })
    yield* Effect.provide(program, services)
  }).pipe(Effect.scoped)
