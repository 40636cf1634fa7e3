/** Runs the pipelines of a plan in their order, in a run folder, going on where an earlier run stopped. */
import { join, resolve } from "node:path"
import { Cause, Clock, DateTime, Effect, Exit } from "effect"
import { newestEpoch } from "../ops/model/weights/checkpoints.ts"
import { FirstEpoch, type Run } from "../ops/run.ts"
import type { TensorEngine } from "../ops/tensor/engine.ts"
import { removeCheckpoints } from "../ops/train/write-checkpoint.ts"
import { readsOf, trainingOf } from "../pipeline/declared.ts"
import type { Places } from "../pipeline/declares.ts"
import { drain } from "../pipeline/interpret.ts"
import type { Pipeline } from "../pipeline/pipeline.ts"
import { hash } from "../pipeline/print.ts"
import type { Running, Watcher } from "../pipeline/watch.ts"
import { Book } from "./book.ts"
import { type Beginning, forget, linkFolders, makeFolder, openFolder, verdict } from "./folder.ts"
import { lock } from "./lock.ts"
import type { Plan } from "./plan.ts"
import type { Progress } from "./progress.ts"
import { type PipelineRecord, type RunRecord, stamp } from "./record.ts"
import { RunError } from "./run-error.ts"
import { services } from "./services.ts"
import { type Again, placed, stepError } from "./step-error.ts"
import { versions } from "./versions.ts"

export interface RunOptions {
  readonly folder: string
  readonly only: string | undefined
  readonly begins: Beginning
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

/** Whatever an operator may need is given by `services`; a new kind of service does not compile until it is. */
type Runnable = Pipeline<unknown, unknown, Run | TensorEngine>

/** Whether a pipeline trains, and continues from the newest checkpoint. */
const resumes = (pipeline: Runnable): boolean => trainingOf(pipeline) === "resumes"

const checkpointsOf = (folder: string) => join(folder, "checkpoints")

const runOne = Effect.fnUntraced(function* (
  name: string,
  pipeline: Runnable,
  book: Book,
  progress: Progress,
  again: Again,
  places: Places
) {
  const begun = yield* Clock.currentTimeMillis
  book.begin(name, hash(pipeline))
  for (const path of readsOf(pipeline, places)) book.used.add(path)
  let culprit: Running | undefined
  const watcher: Watcher = {
    ...progress.watcher,
    failed: (stage) => {
      culprit ??= stage
    }
  }
  progress.begin(name)
  const firstEpoch = resumes(pipeline) ? yield* newestEpoch(checkpointsOf(book.folder)) : 0
  if (firstEpoch > 0) progress.say(`  going on after epoch ${firstEpoch}`)
  const stamps = (paths: ReadonlySet<string>) => [...paths].flatMap((path) => stamp(resolve(book.folder), path))
  const enter = (exit: Exit.Exit<unknown, unknown>) =>
    Effect.map(Clock.currentTimeMillis, (ended) => {
      const interrupted = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
      const entry: PipelineRecord = {
        hash: hash(pipeline),
        status: Exit.isSuccess(exit) ? "finished" : interrupted ? "interrupted" : "failed",
        seconds: (ended - begun) / 1000,
        stages: progress.end(),
        wrote: stamps(book.wrote),
        used: stamps(book.used)
      }
      book.enter(name, entry)
    })
  yield* drain(pipeline, { name, watcher }).pipe(
    Effect.provideService(FirstEpoch, firstEpoch),
    Effect.onExit(enter),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.fail(stepError(placed(name, culprit), cause, again))
    )
  )
})

const AGAIN: Readonly<Record<Beginning, Again>> = { goesOn: "goesOn", fresh: "unlessFresh", freshByFile: "anew" }

/** The folders of a run, made or opened, and the record of an earlier run to go on with. */
const opened = (plan: Plan, { begins, folder }: RunOptions): Effect.Effect<RunRecord | undefined, RunError> =>
  Effect.suspend(() => {
    try {
      const record = openFolder(folder, plan.experiment, plan.configuration, begins)
      if (folder === plan.folder) linkFolders(folder, plan.translation?.links ?? {}, begins !== "goesOn")
      makeFolder(resolve(plan.loaded.settings.root_dir))
      return Effect.succeed(record)
    } catch (fault) {
      return fault instanceof RunError ? Effect.fail(fault) : Effect.die(fault)
    }
  })

/**
 * Runs a plan.
 *
 * @returns the record as written
 */
export const runPlan = Effect.fnUntraced(function* (plan: Plan, options: RunOptions, progress: Progress) {
  const { begins, folder, only } = options
  yield* lock(folder)
  const before = yield* opened(plan, options)
  const begun = DateTime.formatIso(yield* DateTime.now)
  const book = new Book(folder, before ?? newRecord(plan, begun))
  book.save()
  const layer = services(plan, book, progress)
  const again = plan.loaded.settings.fresh ? "anew" : AGAIN[begins]
  const places = { folder: resolve(folder), root: resolve(plan.loaded.settings.root_dir) }
  const names = [...plan.loaded.pipelines.keys()]
  const program = Effect.gen(function* () {
    for (const [name, pipeline] of plan.loaded.pipelines) {
      if (only === undefined ? plan.loaded.inner.has(name) : only !== name) continue
      const decision = verdict(resolve(folder), book.record.pipelines[name])
      if (!decision.run && only === undefined) {
        progress.say(`${name}: done before, skipped`)
        continue
      }
      if (decision.run && decision.why !== undefined) progress.say(`${name}: runs again, since ${decision.why}`)
      // Before anything is removed or made: whatever stops this run, the next one knows.
      if (decision.run) book.outdate(names.slice(names.indexOf(name) + (decision.anew ? 0 : 1)))
      if (decision.run && decision.anew) {
        forget(folder, book.record.pipelines[name])
        if (resumes(pipeline)) yield* removeCheckpoints(checkpointsOf(folder))
      }
      yield* runOne(name, pipeline, book, progress, again, places)
    }
  })
  yield* Effect.provide(program, layer)
  return book.record
}, Effect.scoped)
