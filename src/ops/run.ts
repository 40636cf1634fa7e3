import { Context, type Effect } from "effect"

/**
 * What an operator may know of the run it is part of. Given as a layer by `experiments`; tests give their own.
 */
export class Run extends Context.Service<
  Run,
  {
    /** The run folder: everything that the run writes, archives and stores excepted. Absolute; exists. */
    readonly folder: string
    /** The folder of archives and stores (`root_dir`). Absolute; may not exist yet. */
    readonly root: string
    /** Key of every random draw, see `pipeline/random.ts`. */
    readonly seed: number
    /** Name of the experiment, for titles. */
    readonly experiment: string
    /** Says one line to the user, above the progress bars. */
    readonly say: (line: string) => Effect.Effect<void>
    /** Puts a value into the run record under a dotted path, for example `results.trained`; `undefined` removes it. */
    readonly record: (path: string, value: unknown) => Effect.Effect<void>
    /**
     * Names a file that the running pipeline has written. A finished pipeline is skipped when a run is repeated only
     * while these files are as it left them.
     */
    readonly wrote: (path: string) => Effect.Effect<void>
    /** Names a file that decides what the running pipeline makes: where another one stands there later, it runs again. */
    readonly uses: (path: string) => Effect.Effect<void>
  }
>()("orbitrank/ops/Run") {}

/**
 * Called by an operator that ends its stream early because nobody reads its output: the pipeline is then recorded as
 * interrupted, not as finished.
 */
export const Cut = Context.Reference<() => void>("orbitrank/ops/Cut", { defaultValue: () => () => {} })

/**
 * The epoch that training sources start at: the number of epochs that the newest checkpoint has behind it, 0 in a fresh
 * run. The runner sets it for pipelines that hold a `checkpoint` step; `validate` sets it back to 0 for its own.
 */
export const FirstEpoch = Context.Reference<number>("orbitrank/ops/FirstEpoch", { defaultValue: () => 0 })
