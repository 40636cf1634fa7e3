/** One step of a pipeline, and its connection to the run. */

/** An operator with its parameters. */
export interface Step {
  readonly name: string
  /** Every parameter, with defaults filled in. A parameter that names a pipeline holds the pipeline itself. */
  readonly params: Readonly<Record<string, unknown>>
}

/** Second argument of `run`: what an operator reports while it runs, and the steps before it. */
export interface Self {
  /** Reports the number of elements that it will emit, as soon as it is known; for progress bars. */
  readonly expect: (total: number) => void
  /** Shows a few words beside its progress, until the next call. */
  readonly note?: (words: string) => void
  /** The steps before it; `undefined` if it runs outside of a pipeline. */
  readonly before?: ReadonlyArray<Step>
}
