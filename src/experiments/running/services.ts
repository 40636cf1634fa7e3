/** Services that operators use while they run: the run folder, the tensor engine, the number of threads. */
import { resolve } from "node:path"
import { type Context, Effect, Layer } from "effect"
import { Staging } from "../../ops/data/stores/staging.ts"
import { Run } from "../../ops/run.ts"
import type { TensorEngine } from "../../ops/tensor/engine.ts"
import { Threads } from "../../ops/workers/threads.ts"
import type { Book } from "../folder/book.ts"
import type { EngineRecord } from "../folder/record.ts"
import type { Plan } from "../plan/plan.ts"
import { type EngineSettings, engineLayer, engineWarning, graphMode, inferenceMode } from "./engine.ts"
import type { Progress } from "./progress.ts"

/** Settings that services depend on. */
export interface ServiceSettings extends EngineSettings {
  /** Local folder for copies of stores. */
  readonly stage?: string | undefined
}

/**
 * All services of one run.
 *
 * @param opened called once, when the engine has opened
 */
export const servicesOf = <E = never>(
  run: Effect.Effect<Context.Service.Shape<typeof Run>, E>,
  settings: ServiceSettings,
  opened: (engine: EngineRecord) => void
): Layer.Layer<Run | TensorEngine, E> => {
  const { stage, threads } = settings
  const given = Layer.mergeAll(Layer.effect(Run, run), engineLayer(settings, opened), Layer.succeed(Staging, stage))
  return threads === undefined ? given : Layer.merge(given, Layer.succeed(Threads, threads))
}

/**
 * The services of a run with a record and progress.
 *
 * @param stage local folder for copies of stores
 */
export const services = (
  plan: Plan,
  book: Book,
  progress: Progress,
  stage: string | undefined
): Layer.Layer<Run | TensorEngine> => {
  const { settings } = plan.loaded
  const run = Effect.succeed({
    folder: resolve(book.folder),
    root: resolve(settings.root_dir),
    seed: settings.seed,
    experiment: plan.experiment,
    say: (line: string) => Effect.sync(() => progress.say(line)),
    // Saved at once: the report page of the same pipeline reads the record.
    record: (path: string, value: unknown) =>
      Effect.sync(() => {
        book.set(path, value)
        book.save()
      }),
    wrote: (path: string) => Effect.sync(() => book.writes(path)),
    uses: (path: string) => Effect.sync(() => book.uses(path))
  })
  const { engine: before } = book.record
  const modes = { graph: graphMode(settings.graph, before), inference: inferenceMode(before) }
  return servicesOf(run, { ...settings, ...modes, stage }, (engine) => {
    progress.say(`  engine: ${engine.why}`)
    const warning = engineWarning(book.record.engine, engine)
    if (warning !== undefined) progress.say(warning)
    book.engine = engine
    book.set("engine", engine)
    // Saved at once: the report reads the record during the run.
    book.save()
  })
}
