/** One step of a pipeline, and its connection to the run. */
import type { Effect } from "effect"

/** An operator with its parameters. */
export interface Step {
  readonly name: string
  /** Every parameter, with defaults filled in. A parameter that names a pipeline holds the pipeline itself. */
  readonly params: Readonly<Record<string, unknown>>
}

/** Second argument of `run`: what an operator reports while it runs, and the steps before and after it. */
export interface Self {
  /** Reports the number of elements that it will emit, as soon as it is known; for progress bars. */
  readonly expect: (total: number) => void
  /** Shows a few words beside its progress, until the next call. */
  readonly note?: (words: string) => void
  /** The steps before it; `undefined` if it runs outside of a pipeline. */
  readonly before?: ReadonlyArray<Step>
  /** The steps after it; `undefined` if it runs outside of a pipeline. */
  readonly after?: ReadonlyArray<Step>
  /**
   * Makes a value that several ranges share: once per name for all ranges that this process makes, and released after the
   * last one. Absent if the step runs in one piece.
   */
  readonly keep?: <A, E, R>(name: string, make: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Makes a value that the ranges of a step share, see `Self.keep`. */
export const kept = <A, E, R>({ keep }: Self, name: string, make: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  keep === undefined ? make : keep(name, make)
