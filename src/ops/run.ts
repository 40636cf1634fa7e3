import { Context, type Effect } from "effect"

/**
 * The run that an operator is part of. `experiments` provides it as a layer; tests provide their own.
 */
export class Run extends Context.Service<
  Run,
  {
    /** The run folder, absolute and existing: for everything that the run writes, except archives and stores. */
    readonly folder: string
    /** The folder of archives and stores (`root_dir`), absolute. It may not exist yet. */
    readonly root: string
    /** Key of every random draw, see `pipeline/random.ts`. */
    readonly seed: number
    /** Name of the experiment, for titles. */
    readonly experiment: string
    /** Shows one line to the user, above the progress bars. */
    readonly say: (line: string) => Effect.Effect<void>
    /** Puts a value into the run record under a dotted path, for example `results.trained`; `undefined` removes it. */
    readonly record: (path: string, value: unknown) => Effect.Effect<void>
    /**
     * Names a file that the running pipeline has written. In a repeated run, a finished pipeline is skipped only if these
     * files are unchanged; a run that starts anew removes them.
     */
    readonly wrote: (path: string) => Effect.Effect<void>
    /** Names a file that determines the result of the running pipeline: if it changes, the pipeline runs again. */
    readonly uses: (path: string) => Effect.Effect<void>
  }
>()("orbitrank/ops/Run") {}

/**
 * Called by an operator that ends its stream early because nobody reads its output: the pipeline is then recorded as
 * interrupted, not as finished.
 */
export const Cut = Context.Reference<() => void>("orbitrank/ops/Cut", { defaultValue: () => () => {} })

/**
 * The epoch at which training sources start: the number of finished epochs of the newest checkpoint, 0 in a fresh run. The
 * runner sets it for pipelines that save checkpoints; `validate` sets it back to 0 for its own pipeline.
 */
export const FirstEpoch = Context.Reference<number>("orbitrank/ops/FirstEpoch", { defaultValue: () => 0 })
