/** One step of a pipeline, and what it may know and tell while it runs. */

export interface Step {
  readonly name: string
  /** As resolved: every parameter, defaults filled in. A parameter that is a pipeline holds its value. */
  readonly params: Readonly<Record<string, unknown>>
}

/** What an operator may tell and know of itself while it runs: the second argument of `run`. */
export interface Self {
  /** How many elements it will give, once it knows; for progress bars. */
  readonly expect: (total: number) => void
  /** What is worth seeing of it just now, in a few words: stands behind its progress until it says something else. */
  readonly note?: (words: string) => void
  /** The steps before it, as they were resolved; `undefined` where it runs outside of a pipeline. */
  readonly before?: ReadonlyArray<Step>
}
