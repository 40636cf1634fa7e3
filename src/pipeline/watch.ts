/** What the interpreter tells of a run. References with silent defaults: operators and tests need not know of them. */
import { Context, Effect } from "effect"
import type { Step } from "./pipeline.ts"

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
  readonly ended: (stage: Running) => void
  /** Called once, for the first stage that fails. */
  readonly failed: (stage: Running) => void
}

const nothing = () => {}
export const silent: Watcher = {
  started: nothing,
  expected: nothing,
  progressed: nothing,
  ended: nothing,
  failed: nothing
}

/** Who is told. The pipelines inside parameters (validation) are not watched. */
export const Watch = Context.Reference<Watcher>("orbitrank/pipeline/Watch", { defaultValue: () => silent })

const Expect = Context.Reference<(total: number) => void>("orbitrank/pipeline/Expect", { defaultValue: () => nothing })

export { Expect as ExpectReference }

/** Called by a stage that knows how many elements it will give, for progress bars. */
export const expect = (total: number): Effect.Effect<void> => Effect.map(Expect, (tell) => tell(total))
