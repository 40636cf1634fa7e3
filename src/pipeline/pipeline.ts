/**
 * A pipeline before it runs: frozen plain data, a list of steps with their parameters. It can be printed, hashed,
 * compared and transformed; `interpret.ts` turns it into a stream. The same pipeline written in YAML and composed in code
 * is the same value.
 */
import { Pipeable } from "effect"
import type { Step } from "./step.ts"

/**
 * Steps that give a stream of `Out`, can fail with `E` and need the services `R`.
 *
 * @example
 * const empty = makePipeline([])
 * isPipeline(empty) // => true
 * isPipeline({ steps: [] }) // => false
 */
export interface Pipeline<out Out, out E, out R> extends Pipeable.Pipeable {
  readonly steps: ReadonlyArray<Step>
  readonly "~Out": Out
  readonly "~E": E
  readonly "~R": R
}
/** Any pipeline. */
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

/** Makes a frozen pipeline. It does not check that the steps fit; the operators do. */
export const makePipeline = (steps: ReadonlyArray<Step>): AnyPipeline => new Steps(steps) as unknown as AnyPipeline

/** Whether a value is a pipeline. */
export const isPipeline = (value: unknown): value is AnyPipeline => value instanceof Steps
