/** Services for pipelines that are composed and run in code, without a YAML file and its record. */
import { mkdirSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, type Layer } from "effect"
import type { Run } from "../ops/run.ts"
import type { TensorEngine } from "../ops/tensor/engine.ts"
import type { EngineSettings } from "./engine.ts"
import { RunError } from "./run-error.ts"
import { servicesOf } from "./services.ts"

export interface InCode extends Partial<EngineSettings> {
  /** The run folder; made where it is missing. */
  readonly folder: string
  /** Where archives and stores stand; by default where the command is called. */
  readonly root_dir?: string
  /** Key of every random draw. */
  readonly seed?: number
  /** Told each line that an operator says, and which engine runs; silent by default. */
  readonly say?: (line: string) => void
  /** Told what operators enter in a record, such as `results.trained`; by default it is dropped. */
  readonly record?: (path: string, value: unknown) => void
}

const ignore = () => {}

const made = (folder: string): Effect.Effect<void, RunError> =>
  Effect.try({
    try: () => void mkdirSync(folder, { recursive: true }),
    catch: (cause) =>
      new RunError({
        subject: folder,
        problem: `cannot be made a run folder (${cause instanceof Error ? cause.message : cause})`,
        remedy: "Name a folder that can be written",
        cause
      })
  })

/**
 * The run folder, the tensor engine and the number of threads, as one layer:
 * `Stream.runCollect(toStream(pipeline)).pipe(Effect.provide(inCode({ folder: "outputs/mine" })))`.
 *
 * The engine opens when an operator first asks for it. Fails where the folder cannot be made.
 */
export const inCode = (options: InCode): Layer.Layer<Run | TensorEngine, RunError> => {
  const {
    device = "auto",
    precision = "float32",
    threads,
    seed = 24,
    root_dir = ".",
    say = ignore,
    record = ignore
  } = options
  const folder = resolve(options.folder)
  const run = Effect.as(made(folder), {
    folder,
    root: resolve(root_dir),
    seed,
    experiment: "in code",
    say: (line: string) => Effect.sync(() => say(line)),
    record: (path: string, value: unknown) => Effect.sync(() => record(path, value)),
    wrote: () => Effect.void,
    uses: () => Effect.void
  })
  return servicesOf(run, { device, precision, threads }, ({ why }) => say(`engine: ${why}`))
}
