/** Runs the pipelines of a plan in order, in a run folder, and continues where an earlier run stopped. */
import { join, resolve } from "node:path"
import { Cause, Clock, type Context, DateTime, Effect, Exit } from "effect"
import { newestEpoch } from "../../ops/model/weights/checkpoints.ts"
import { Cut, FirstEpoch, type Run } from "../../ops/run.ts"
import { engine, type TensorEngine } from "../../ops/tensor/engine.ts"
import { removeCheckpoints } from "../../ops/train/write-checkpoint.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { readsOf, trainingOf } from "../../pipeline/declared.ts"
import type { Places } from "../../pipeline/declares.ts"
import { drain } from "../../pipeline/interpret.ts"
import { secondsOf } from "../../pipeline/monotonic.ts"
import type { AnyPipeline, Pipeline } from "../../pipeline/pipeline.ts"
import { hash } from "../../pipeline/print.ts"
import type { Ranges } from "../../pipeline/ranges.ts"
import type { Running, Watcher } from "../../pipeline/watch.ts"
import { few } from "../../pipeline/words.ts"
import type { ClusterOptions } from "../cluster/asking.ts"
import { cluster } from "../cluster/driver.ts"
import { versions } from "../command/versions.ts"
import { afterFailure, type Beginning } from "../folder/beginning.ts"
import { Book } from "../folder/book.ts"
import { forget, makeFolder, type Opened, openFolder, verdict } from "../folder/folder.ts"
import { linkFolders } from "../folder/links.ts"
import { lock } from "../folder/lock.ts"
import type { EngineRecord, RunRecord } from "../folder/record.ts"
import { operatorsOf } from "../plan/configuration.ts"
import { language, type Plan } from "../plan/plan.ts"
import { dividing, type RunFacts } from "../ranges/division.ts"
import { here } from "../ranges/here.ts"
import { removeEnded, removeParts } from "../ranges/part-files.ts"
import { processes } from "../ranges/processes.ts"
import type { TaskSettings } from "../ranges/task.ts"
import { inFolder, RunError } from "../run-error.ts"
import { placed, stepError } from "../step-error.ts"
import { graphMode, inferenceMode } from "./engine.ts"
import type { Progress } from "./progress.ts"
import { services } from "./services.ts"

/** How to run a plan. */
export interface RunOptions {
  readonly folder: string
  readonly only: string | undefined
  readonly begins: Beginning
  /** Number of processes of this machine that make ranges; by default this one makes them. */
  readonly processes?: number | undefined
  /** The cluster whose workers make ranges. */
  readonly cluster?: ClusterOptions | undefined
  /** Local folder for copies of stores. */
  readonly stage?: string | undefined
}

/** The record of a run that has not begun. */
export const newRecord = (plan: Plan, begun: string): RunRecord => ({
  orbitrank: versions.orbitrank,
  experiment: plan.experiment,
  file: plan.file,
  seed: plan.loaded.settings.seed,
  configuration: plan.configuration,
  versions,
  begun,
  pipelines: {}
})

/** A pipeline whose services `services` provides; an operator that needs another service does not compile. */
type Runnable = Pipeline<unknown, unknown, Run | TensorEngine>

/** Whether a pipeline trains, and continues from the newest checkpoint. */
const resumes = (pipeline: Runnable): boolean => trainingOf(pipeline) === "resumes"

const checkpointsOf = (folder: string) => join(folder, "checkpoints")

/** State that all pipelines of a run share. */
interface Session {
  readonly plan: Plan
  readonly book: Book
  readonly progress: Progress
  /** How the next run continues, for the message of a failed step. */
  readonly remedy: string
  readonly places: Places
  readonly ranges: Context.Service.Shape<typeof Ranges>
}

const statusOf = (exit: Exit.Exit<unknown, unknown>, cut: boolean) => {
  if (Exit.isSuccess(exit)) return cut ? "interrupted" : "finished"
  return Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "failed"
}

/** Runs one pipeline and enters its end in the record, however it ends. */
const runOne = Effect.fnUntraced(function* (name: string, pipeline: Runnable, session: Session) {
  const { book, places, progress, ranges, remedy } = session
  const clock = yield* Clock.Clock
  const begun = secondsOf(clock)
  book.begin(name, hash(pipeline))
  for (const path of readsOf(pipeline, places)) book.uses(path)
  let culprit: Running | undefined
  const watcher: Watcher = {
    ...progress.watcher,
    failed: (stage) => {
      culprit ??= stage
    }
  }
  progress.begin(name)
  const firstEpoch = resumes(pipeline) ? yield* newestEpoch(checkpointsOf(places.folder)) : 0
  if (firstEpoch > 0) progress.say(`  resuming after epoch ${firstEpoch}`)
  const enter = (exit: Exit.Exit<unknown, unknown>) =>
    Effect.sync(() => {
      const seconds = secondsOf(clock) - begun
      book.end({ hash: hash(pipeline), status: statusOf(exit, book.cut), seconds, stages: progress.end() })
    })
  yield* drain(pipeline, { name, watcher, ranges }).pipe(
    Effect.provideService(FirstEpoch, firstEpoch),
    Effect.provideService(Cut, () => {
      book.cut = true
    }),
    Effect.onExit(enter),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.fail(stepError(placed(name, culprit), cause, remedy))
    )
  )
  // Its files are complete; whoever reads them needs no parts.
  removeEnded(places.folder, name)
})

/** Operators by name: all that files may name, and those of this plan. */
const operatorsFor = (plan: Plan) =>
  new Map([
    ...language.operators.map((operator) => [operator.name, operator] as const),
    ...operatorsOf(plan.loaded.pipelines.values() as Iterable<AnyPipeline>)
  ])

/** Opens the folders of a run. */
const opened = (plan: Plan, { begins, folder }: RunOptions): Effect.Effect<Opened, RunError> =>
  attempt(RunError)(() => {
    try {
      const { configuration, experiment } = plan
      const found = openFolder(folder, { configuration, experiment, operators: operatorsFor(plan) }, begins)
      if (folder === plan.folder) linkFolders(folder, plan.translation?.links ?? {}, begins !== "continue")
      makeFolder(resolve(plan.loaded.settings.root_dir))
      return found
    } catch (cause) {
      throw inFolder(folder, cause)
    }
  })

/** Removes the files of an earlier run from its folder, as `--fresh` does. */
export const emptied = (plan: Plan, folder: string): Effect.Effect<void, RunError> =>
  Effect.scoped(Effect.andThen(lock(folder), opened(plan, { folder, begins: "fresh", only: undefined }))).pipe(
    Effect.asVoid
  )

/** Runs a pipeline unless it is done. If it must start anew, its files are removed first. */
const runIfNeeded = Effect.fnUntraced(function* (name: string, pipeline: Runnable, alone: boolean, session: Session) {
  const { book, places, plan, progress } = session
  const names = [...plan.loaded.pipelines.keys()]
  const decision = verdict(places.folder, book.record.pipelines[name])
  if (!decision.run && !alone) return progress.say(`${name}: done before, skipped`)
  if (decision.run) {
    if (decision.why !== undefined) progress.say(`${name}: runs again because ${decision.why}`)
    // Before anything is removed or made: whatever stops this run, the next one knows.
    book.outdate(names.slice(names.indexOf(name) + (decision.anew ? 0 : 1)))
    if (decision.anew) {
      forget(places.folder, book.record.pipelines[name])
      removeParts(places.folder, name)
      if (resumes(pipeline)) yield* removeCheckpoints(checkpointsOf(places.folder))
    }
  }
  yield* runOne(name, pipeline, session)
})

/** Who makes the ranges of a run. */
const makersOf = Effect.fnUntraced(function* (
  plan: Plan,
  options: RunOptions,
  book: Book,
  facts: RunFacts,
  progress: Progress
) {
  const { cluster: shared, folder, processes: count, stage } = options
  if (count === undefined && shared === undefined) return here(facts)
  const { device, graph, precision, root_dir, seed, threads } = plan.loaded.settings
  const given = threads === undefined ? {} : { threads }
  const common = { seed, device, precision, root_dir: resolve(root_dir), experiment: plan.experiment, ...given }
  const { engine: before } = book.record
  const settings: TaskSettings = { ...common, graph: graphMode(graph, before), inference: inferenceMode(before) }
  if (shared === undefined) return yield* processes(count ?? 1, stage === undefined ? settings : { ...settings, stage })
  const opened = Effect.flatMap(engine, () => Effect.sync(() => book.engine as EngineRecord))
  return yield* cluster(shared, { folder: resolve(folder), settings, engine: opened, progress })
})

/**
 * Runs a plan.
 *
 * @returns the record as written
 */
export const runPlan = Effect.fnUntraced(function* (plan: Plan, options: RunOptions, progress: Progress) {
  const { begins, folder, only } = options
  const { fresh, root_dir } = plan.loaded.settings
  yield* lock(folder)
  const { kept, record } = yield* opened(plan, options)
  if (kept.length > 0) progress.say(`${folder}: no run of orbitrank wrote ${few(kept)}, so it is kept`)
  const book = new Book(folder, record ?? newRecord(plan, DateTime.formatIso(yield* DateTime.now)))
  book.save()
  const places = { folder: resolve(folder), root: resolve(root_dir) }
  const { settings } = plan.loaded
  const facts: RunFacts = {
    size: settings.range,
    settings: { seed: settings.seed, precision: settings.precision },
    engine: () => book.engine
  }
  const program = Effect.gen(function* () {
    const ranges = dividing(facts, yield* makersOf(plan, options, book, facts, progress))
    const session: Session = { plan, book, progress, remedy: afterFailure(begins, fresh), places, ranges }
    for (const [name, pipeline] of plan.loaded.pipelines) {
      if (only === undefined ? plan.loaded.inner.has(name) : only !== name) continue
      yield* runIfNeeded(name, pipeline, only !== undefined, session)
    }
  })
  yield* Effect.provide(program, services(plan, book, progress, options.stage))
  return book.record
}, Effect.scoped)
