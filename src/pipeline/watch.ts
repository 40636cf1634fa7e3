/** Observing a run: the interpreter calls a watcher at every event of a stage. */
import type { Waits } from "./ahead.ts"
import type { Step } from "./step.ts"

/** A step of a pipeline that runs: a stage. */
export interface Running {
  readonly pipeline: string
  readonly index: number
  readonly step: Step
}

/** Callbacks for the events of all stages of a run. */
export interface Watcher {
  readonly started: (stage: Running) => void
  /** The stage knows how many elements it will emit. */
  readonly expected: (stage: Running, total: number) => void
  /** The stage emitted `elements` more, after `seconds` that include the time of the stages before it. */
  readonly progressed: (stage: Running, elements: number, seconds: number) => void
  /** The stage shows a few words beside its progress. */
  readonly noted: (stage: Running, words: string) => void
  /** A stage that others run ahead of waited for them, or they waited for it. */
  readonly waited: (stage: Running, waits: Waits) => void
  readonly ended: (stage: Running) => void
  /** Called once, for the first stage that fails. */
  readonly failed: (stage: Running) => void
}

const nothing = () => {}
/** A watcher that ignores every event. */
export const silent: Watcher = {
  started: nothing,
  expected: nothing,
  progressed: nothing,
  noted: nothing,
  waited: nothing,
  ended: nothing,
  failed: nothing
}
