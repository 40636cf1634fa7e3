/** Services for pipelines that are composed and run in code, without a YAML file and its record. */
import { mkdirSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, type Layer } from "effect"
import type { Run } from "../ops/run.ts"
import type { TensorEngine } from "../ops/tensor/engine.ts"
import { messageOf } from "../pipeline/words.ts"
import { fromHome } from "../pipeline/yaml/environment.ts"
import { RunError } from "./run-error.ts"
import type { EngineSettings } from "./running/engine.ts"
import { servicesOf } from "./running/services.ts"

/** Options of `inCode`. */
export interface InCode extends Partial<EngineSettings> {
  /** The run folder; created if it does not exist. */
  readonly folder: string
  /** Folder of archives and stores; by default the current working directory. */
  readonly root_dir?: string
  /** Key of every random draw; 24 by default. */
  readonly seed?: number
  /** Receives each line that an operator says, and the name of the engine; by default the lines are dropped. */
  readonly say?: (line: string) => void
  /** Receives the values that operators enter in a record, such as `results.trained`; by default they are dropped. */
  readonly record?: (path: string, value: unknown) => void
}

const ignore = () => {}

const made = (folder: string): Effect.Effect<void, RunError> =>
  Effect.try({
    try: () => void mkdirSync(folder, { recursive: true }),
    catch: (cause) =>
      new RunError({
        subject: folder,
        problem: `cannot be used as a run folder (${messageOf(cause)})`,
        remedy: "Choose a folder that can be written",
        cause
      })
  })

/**
 * The run folder, the tensor engine and the number of threads, as one layer. The engine opens when an operator first asks
 * for it. The layer fails if the folder cannot be created.
 *
 * Pipelines run with it: `Stream.runCollect(toStream(pipeline)).pipe(Effect.provide(inCode({ folder: "outputs/mine" })))`.
 *
 * @example
 * import { Effect } from "effect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * const folder = mkdtempSync(`${tmpdir()}/orbitrank-`)
 * Effect.runSync(Effect.provide(Effect.succeed("ran"), inCode({ folder }))) // => "ran"
 */
export const inCode = (options: InCode): Layer.Layer<Run | TensorEngine, RunError> => {
  const {
    device = "auto",
    graph,
    precision = "float32",
    threads,
    seed = 24,
    root_dir = ".",
    say = ignore,
    record = ignore
  } = options
  const folder = resolve(fromHome(options.folder))
  const run = Effect.as(made(folder), {
    folder,
    root: resolve(fromHome(root_dir)),
    seed,
    experiment: "in code",
    say: (line: string) => Effect.sync(() => say(line)),
    record: (path: string, value: unknown) => Effect.sync(() => record(path, value)),
    wrote: () => Effect.void,
    uses: () => Effect.void
  })
  return servicesOf(run, { device, graph, precision, threads }, ({ why }) => say(`engine: ${why}`))
}
