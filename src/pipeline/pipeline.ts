/**
 * A pipeline before it runs: frozen plain data, a list of steps with their parameters. It can be printed, hashed,
 * compared and transformed; `interpret.ts` turns it into a stream. One written in YAML and one composed in code are the
 * same value.
 */
import { Pipeable } from "effect"
import type { Step } from "./step.ts"

/**
 * Steps that give a stream of `Out`, can fail with `E` and need the services `R`.
 */
export interface Pipeline<out Out, out E, out R> extends Pipeable.Pipeable {
  readonly steps: ReadonlyArray<Step>
  readonly "~Out": Out
  readonly "~E": E
  readonly "~R": R
}
// biome-ignore lint/suspicious/noExplicitAny: any pipeline at all
export type AnyPipeline = Pipeline<any, any, any>

class Steps implements Pick<AnyPipeline, "steps" | "pipe"> {
  readonly steps: ReadonlyArray<Step>
  constructor(steps: ReadonlyArray<Step>) {
    this.steps = Object.freeze([...steps])
    Object.freeze(this)
  }
  pipe() {
    // biome-ignore lint/complexity/noArguments: Effect's pipe takes its caller's arguments object
    return Pipeable.pipeArguments(this, arguments)
  }
}

export const makePipeline = (steps: ReadonlyArray<Step>): AnyPipeline => new Steps(steps) as unknown as AnyPipeline

export const isPipeline = (value: unknown): value is AnyPipeline => value instanceof Steps
