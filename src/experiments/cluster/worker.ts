/** A worker: takes ranges from the database, and has them made by processes of its machine. */
import { appendFileSync, existsSync, readFileSync, realpathSync } from "node:fs"
import { hostname } from "node:os"
import { resolve } from "node:path"
import { Effect, Layer, Schedule } from "effect"
import { type Address, serverOf } from "../../ops/postgres/address.ts"
import { type Device, openEngine } from "../../ops/tensor/engine.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { messageOf } from "../../pipeline/words.ts"
import { type ChildDied, ChildFailed, type Children, openChildren } from "../ranges/children.ts"
import { deadlyRange, MOST_BEGINNINGS, MOST_DEATHS } from "../ranges/deadly.ts"
import { isIntact, readFacts, wantedFile } from "../ranges/part-files.ts"
import { threadsFor } from "../ranges/processes.ts"
import { nameOf, PartError, type RangeFailure, type Task } from "../ranges/task.ts"
import { RunError } from "../run-error.ts"
import { engineRecord } from "../running/engine.ts"
import { type ChildRun, openRuns } from "../sweep/child-run.ts"
import { ADDRESS, ADDRESS_FILE } from "./address.ts"
import { database, persistently } from "./connect.ts"
import { engineKind, type Fit, folderId, program } from "./fit.ts"
import { type Answer, answersOf, type CellTask, tasksOf } from "./queues.ts"
import { registry } from "./registry.ts"
import { type CellLocked, runCell } from "./run-cell.ts"
import { unpacked } from "./shared-paths.ts"
import { isUnderWay } from "./sole-asker.ts"
import { isWanted } from "./wanted.ts"

export interface WorkerOptions {
  readonly address: Address
  readonly shared: string
  readonly processes: number
  readonly device: Device
  readonly threads: number | undefined
  /** Local folder for copies of stores, absolute. */
  readonly stage: string | undefined
  readonly anyEngine: boolean
  readonly say: (line: string) => void
}

/** Notes that a range ended its process, where all workers see it. Returns how often that happened. */
const noteDeath = (task: Task): number => {
  const path = `${task.path}.died`
  appendFileSync(path, "died\n")
  return readFileSync(path, "utf8").split("\n").length - 1
}

const failureOf = ({ problem, remedy, subject }: PartError | RunError): RangeFailure => ({
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

/** The part of a range that another worker has made already. */
const foundPart = ({ path }: Task): Outcome | undefined => {
  const facts = readFacts(path)
  return facts === undefined || facts.again === true || !isIntact(path, facts) ? undefined : { sha256: facts.sha256 }
}

/** Makes a range; a failure that another attempt may avoid is one of the effect. */
const outcomeOf = (
  children: Children,
  worker: string,
  task: Task,
  attempts: number
): Effect.Effect<Outcome, ChildDied> =>
  Effect.suspend(() => {
    if (attempts > MOST_BEGINNINGS) {
      return Effect.succeed({
        failure: failureOf(deadlyRange(task, "the workers that made it vanished", attempts - 1))
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
            : Effect.succeed({ failure: failureOf(deadlyRange(task, `${died.problem} on ${worker}`, deaths)) })
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
const here = (task: Task, { device, processes, stage, threads }: WorkerOptions): Task => {
  const { stage: _, ...settings } = task.settings
  const own = { device: device as string, threads: threads ?? threadsFor(processes) }
  return { ...task, settings: { ...settings, ...own, ...(stage === undefined ? {} : { stage }) } }
}

/** A worker whose database is open. */
interface Worker extends WorkerOptions {
  readonly name: string
  /** Absolute, and without links. */
  readonly shared: string
  readonly children: Children
  readonly runs: ChildRun
  /** Whether a run still wants its ranges or cells. `folder` is its run folder. */
  readonly wants: (run: string, folder: string) => Effect.Effect<boolean, PartError>
}

/** Makes the range of a task; undefined if nobody wants it any more. */
const makeRange = (worker: Worker, run: string, travelling: Task, attempts: number) =>
  Effect.gen(function* () {
    const { children, name, say, shared, wants } = worker
    const task = yield* attempt(PartError)(() => here(unpacked(travelling, shared), worker))
    if (!(yield* wants(run, task.folder))) return undefined
    const making = Effect.gen(function* () {
      const found = foundPart(task)
      if (found !== undefined) return { outcome: found, words: "made before" }
      const outcome = yield* outcomeOf(children, name, task, attempts)
      return { outcome, words: outcome.failure === undefined ? "made" : `failed: ${outcome.failure.problem}` }
    })
    const { outcome, words } = yield* making.pipe(
      Effect.catchDefect((cause) =>
        Effect.succeed({ outcome: { failure: faultOf(nameOf(task), name, cause) }, words: "failed" })
      )
    )
    say(`${nameOf(task)}: ${words}`)
    return outcome as Outcome
  })

/** Runs a cell of a sweep; undefined if nobody wants it any more. */
const runOne = (worker: Worker, run: string, cell: CellTask) =>
  Effect.gen(function* () {
    const { name, say } = worker
    const outcome = yield* runCell(cell, { ...worker, run }).pipe(
      Effect.catchTag("RunError", (error) => Effect.succeed<Outcome>({ failure: failureOf(error) })),
      Effect.catchDefect((cause) => Effect.succeed<Outcome>({ failure: faultOf(cell.name, name, cause) }))
    )
    if (outcome !== undefined) say(`${cell.name}: ${outcome.failure === undefined ? "done" : "failed"}`)
    return outcome
  })

/** Takes one range or cell from the queue, and answers. */
const takeOne = (worker: Worker, tasks: Effect.Success<ReturnType<typeof tasksOf>>) =>
  tasks.take((wanted, { attempts }) =>
    Effect.gen(function* () {
      const making: Effect.Effect<Outcome | undefined, ChildDied | CellLocked | PartError> =
        "task" in wanted
          ? makeRange(worker, wanted.run, wanted.task, attempts)
          : runOne(worker, wanted.run, wanted.cell)
      const outcome = yield* Effect.catchTag(making, "PartError", (error) =>
        Effect.succeed<Outcome>({ failure: failureOf(error) })
      )
      if (outcome === undefined) return
      const { key } = "task" in wanted ? wanted.task : wanted.cell
      const answers = yield* answersOf(wanted.run)
      yield* answers.offer({ key, worker: worker.name, ...outcome }).pipe(persistently)
    })
  )

/** Takes ranges until it is interrupted. A range that is being made then goes back to the queue. */
export const work = (options: WorkerOptions) =>
  Effect.gen(function* () {
    const { address, processes, say } = options
    const given = resolve(options.shared)
    if (!existsSync(given)) {
      return yield* new RunError({
        subject: given,
        problem: "there is no such folder",
        remedy: "Name the shared folder by `--shared`: the one in which the run is called"
      })
    }
    const shared = realpathSync(given)
    const name = `${hostname()} ${process.pid}`
    const { engine, fit } = yield* fitOf({ ...options, shared })
    const services = yield* Layer.build(database(address))
    const place = { cwd: shared, without: [ADDRESS, ADDRESS_FILE] }
    const children = yield* openChildren({ size: processes, worker: name, ...place })
    const runs = yield* openRuns(place)
    say(`orbitrank worker ${name}: ${serverOf(address)}, ${shared}, ${processes} processes, engine ${engine.why}`)
    const wants = (run: string, folder: string) =>
      isWanted(wantedFile(folder, run), Effect.provide(isUnderWay(fit, shared, folder), services))
    const program = Effect.gen(function* () {
      const tasks = yield* tasksOf(fit)
      const { beat, leave } = yield* registry
      yield* beat({ name, ...fit }).pipe(persistently, Effect.repeat(Schedule.spaced("5 seconds")), Effect.forkScoped)
      yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(leave(name), "2 seconds")))
      const loop = takeOne({ ...options, name, shared, children, runs, wants }, tasks).pipe(
        persistently,
        Effect.forever
      )
      yield* Effect.all(
        Array.from({ length: processes }, () => loop),
        { concurrency: "unbounded", discard: true }
      )
    })
    yield* Effect.provide(program, services)
  }).pipe(Effect.scoped)
