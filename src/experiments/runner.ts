/** Runs the pipelines of a plan in their order, in a run folder, going on where an earlier run stopped. */
import { mkdirSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join, resolve } from "node:path"
import { Cause, Clock, DateTime, Effect, Exit, Layer } from "effect"
import { FirstEpoch, Run } from "../ops/run.ts"
import type { TensorEngine } from "../ops/tensor/engine.ts"
import { newestEpoch } from "../ops/train/checkpoints.ts"
import { Threads } from "../ops/workers/threads.ts"
import { showPosition } from "../pipeline/fault.ts"
import { drain } from "../pipeline/interpret.ts"
import { originOf } from "../pipeline/origin.ts"
import type { Pipeline } from "../pipeline/pipeline.ts"
import { hash } from "../pipeline/print.ts"
import type { Running, Watcher } from "../pipeline/watch.ts"
import { type EngineRecord, engineLayer, engineWarning } from "./engine.ts"
import { RunError } from "./errors.ts"
import { forget, linkFolders, openFolder, verdict } from "./folder.ts"
import { lock } from "./lock.ts"
import type { Plan } from "./plan.ts"
import type { Progress } from "./progress.ts"
import { type PipelineRecord, type RunRecord, setPath, stamp, writeRecord } from "./record.ts"
import { versions } from "./versions.ts"

export interface RunOptions {
  readonly folder: string
  readonly only: string | undefined
  readonly fresh: boolean
}

/** The record while the run goes on: changed in memory, written when a pipeline ends. */
class Book {
  record: RunRecord
  readonly folder: string
  wrote = new Set<string>()
  constructor(folder: string, record: RunRecord) {
    this.folder = folder
    this.record = record
  }
  set(path: string, value: unknown): void {
    this.record = setPath(this.record, path, value)
  }
  save(): void {
    writeRecord(this.folder, this.record)
  }
}

const newRecord = (plan: Plan, begun: string): RunRecord => ({
  orbitrank: versions.orbitrank,
  experiment: plan.experiment,
  file: plan.file,
  seed: plan.loaded.settings.seed,
  configuration: plan.configuration,
  versions,
  begun,
  pipelines: {}
})

const services = (plan: Plan, book: Book, progress: Progress) => {
  const opened = (engine: EngineRecord) => {
    progress.say(`  engine: ${engine.why}`)
    const warning = engineWarning(book.record.engine, engine)
    if (warning !== undefined) progress.say(warning)
    book.set("engine", engine)
    // At once, since the report reads the record while the run goes on.
    book.save()
  }
  const { threads = availableParallelism() } = plan.loaded.settings
  return Layer.mergeAll(
    runLayer(plan, book, progress),
    engineLayer(plan.loaded.settings, opened),
    Layer.succeed(Threads, threads)
  )
}

const runLayer = (plan: Plan, book: Book, progress: Progress) =>
  Layer.succeed(Run, {
    folder: resolve(book.folder),
    root: resolve(plan.loaded.settings.root_dir),
    seed: plan.loaded.settings.seed,
    experiment: plan.experiment,
    say: (line) => Effect.sync(() => progress.say(line)),
    record: (path, value) => Effect.sync(() => book.set(path, value)),
    wrote: (path) => Effect.sync(() => void book.wrote.add(resolve(path)))
  })

/** Whatever an operator may need is given by `services`; a new kind of service does not compile until it is. */
type Runnable = Pipeline<unknown, unknown, Run | TensorEngine>

/** Whether a pipeline trains, and goes on from the newest checkpoint. */
const resumes = (pipeline: Runnable): boolean =>
  pipeline.steps.some(({ name, params }) => name === "checkpoint" && params.resume !== false)

/** Puts the place of the failing step in front of its message. */
const placed = (name: string, stage: Running | undefined): string => {
  if (stage === undefined) return `pipelines.${name}`
  const { at } = originOf(stage.step)
  const path = `pipelines.${name}.${stage.step.name}`
  return at === undefined ? path : `${showPosition(at)}: ${path}`
}

/** A failure of a step, with the place of the step in the file. */
export class StepError extends RunError {}

const DISK: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EROFS: "the file system is read-only",
  EMFILE: "too many open files"
}

/** A step's failure as one message; the file system's codes in words, defects with their stack. */
const stepError = (where: string, cause: Cause.Cause<unknown>): StepError => {
  const error = Cause.squash(cause)
  const again = "After mending it, the same command goes on from here"
  if (error instanceof Error && "_tag" in error) {
    return new StepError({ subject: where, problem: error.message.replace(/\.$/, ""), remedy: again, cause })
  }
  const { code, path } = error as NodeJS.ErrnoException
  if (code !== undefined && code in DISK) {
    return new StepError({ subject: where, problem: `${path ?? "writing"}: ${DISK[code]}`, remedy: again, cause })
  }
  return new StepError({
    subject: where,
    problem: Cause.pretty(cause),
    remedy: "This is a fault of orbitrank itself: please report it",
    cause
  })
}

const runOne = Effect.fnUntraced(function* (name: string, pipeline: Runnable, book: Book, progress: Progress) {
  const begun = yield* Clock.currentTimeMillis
  book.wrote = new Set()
  let culprit: Running | undefined
  const watcher: Watcher = {
    ...progress.watcher,
    failed: (stage) => {
      culprit ??= stage
    }
  }
  progress.begin(name)
  const firstEpoch = resumes(pipeline) ? yield* newestEpoch(join(book.folder, "checkpoints")) : 0
  if (firstEpoch > 0) progress.say(`  going on after epoch ${firstEpoch}`)
  const enter = (exit: Exit.Exit<unknown, unknown>) =>
    Effect.map(Clock.currentTimeMillis, (ended) => {
      const interrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
      const entry: PipelineRecord = {
        hash: hash(pipeline),
        status: Exit.isSuccess(exit) ? "finished" : interrupted ? "interrupted" : "failed",
        seconds: (ended - begun) / 1000,
        stages: progress.end(),
        wrote: [...book.wrote].flatMap((path) => stamp(path) ?? [])
      }
      book.set(`pipelines.${name}`, entry)
      book.save()
    })
  yield* drain(pipeline, { name, watcher }).pipe(
    Effect.provideService(FirstEpoch, firstEpoch),
    Effect.onExit(enter),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.fail(stepError(placed(name, culprit), cause))
    )
  )
})

/**
 * Runs a plan.
 *
 * @returns the record as written
 */
export const runPlan = Effect.fnUntraced(function* (plan: Plan, options: RunOptions, progress: Progress) {
  const { folder, fresh, only } = options
  yield* lock(folder)
  const before = yield* Effect.try({
    try: () => {
      const record = openFolder(folder, plan.configuration, fresh)
      if (folder === plan.folder) linkFolders(folder, plan.translation?.links ?? {}, fresh)
      return record
    },
    catch: (cause) => cause as RunError
  })
  const begun = DateTime.formatIso(yield* DateTime.now)
  const book = new Book(folder, before ?? newRecord(plan, begun))
  book.save()
  mkdirSync(resolve(plan.loaded.settings.root_dir), { recursive: true })
  const layer = services(plan, book, progress)
  let rerun = false
  const program = Effect.gen(function* () {
    for (const [name, pipeline] of plan.loaded.pipelines) {
      if (only === undefined ? plan.loaded.inner.has(name) : only !== name) continue
      const earlier = book.record.pipelines[name]
      const decision = verdict(earlier, rerun)
      if (!decision.run && only === undefined) {
        progress.say(`${name}: done before, skipped`)
        continue
      }
      if (decision.run && decision.why !== undefined) progress.say(`${name}: runs again, since ${decision.why}`)
      if (decision.run && decision.anew) forget(folder, earlier)
      rerun ||= decision.run && decision.anew
      yield* runOne(name, pipeline, book, progress)
    }
  })
  yield* Effect.provide(program, layer)
  return book.record
}, Effect.scoped)
