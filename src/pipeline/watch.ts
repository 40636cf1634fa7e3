/** What the interpreter tells of a run; operators and tests need not know of it. */
import type { Waits } from "./ahead.ts"
import type { Step } from "./step.ts"

/** One step of one pipeline, as it runs. */
export interface Running {
  readonly pipeline: string
  readonly index: number
  readonly step: Step
}

export interface Watcher {
  readonly started: (stage: Running) => void
  /** How many elements the stage will give, where it knows. */
  readonly expected: (stage: Running, total: number) => void
  /** `elements` more came out; `seconds` went by waiting for them, the stages before included. */
  readonly progressed: (stage: Running, elements: number, seconds: number) => void
  /** What the stage says of itself just now, in a few words. */
  readonly noted: (stage: Running, words: string) => void
  /** The stage, which others run ahead of, waited for them or they for it. */
  readonly waited: (stage: Running, waits: Waits) => void
  readonly ended: (stage: Running) => void
  /** Called once, for the first stage that fails. */
  readonly failed: (stage: Running) => void
}

const nothing = () => {}
export const silent: Watcher = {
  started: nothing,
  expected: nothing,
  progressed: nothing,
  noted: nothing,
  waited: nothing,
  ended: nothing,
  failed: nothing
}
