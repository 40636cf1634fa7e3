/** Operators as the interpreter sees them, and the operator that made a step. */
import type { Stream } from "effect"
import type { Misfit } from "./check.ts"
import type { Declares } from "./declares.ts"
import type { AnyElement, Element } from "./element.ts"
import type { Position } from "./fault.ts"
import type { Params } from "./param.ts"
import type { AnySplits } from "./splits.ts"
import type { Self, Step } from "./step.ts"

/** The description of an operator; `operator.ts` makes them. */
export interface AnyOperator extends AnySplits {
  readonly name: string
  readonly about: string
  /** Kind of its input: `undefined` for a source, "any" for an operator that accepts any element. */
  readonly from: Element<AnyElement> | "any" | undefined
  readonly to: Element<AnyElement> | "any"
  readonly params: Params
  /** Number of input elements that are prepared while it computes; by default each is made on demand. */
  readonly ahead?: number
  readonly declares?: Declares
  /**
   * Checks the combination of parameters that are each valid, and normalises parameters that depend on each other. Its
   * parameters are used even if it reports faults, because records of earlier versions are read by it.
   */
  readonly settle?: (params: Readonly<Record<string, unknown>>) => {
    readonly params: Readonly<Record<string, unknown>>
    readonly faults: ReadonlyArray<Misfit>
  }
  readonly run: (
    params: Readonly<Record<string, unknown>>,
    self: Self
  ) => (input: Stream.Stream<AnyElement, unknown, unknown>) => Stream.Stream<AnyElement, unknown, unknown>
}

/** Kept apart from the step: two equal pipelines may come from different places. */
interface StepOrigin {
  readonly operator: AnyOperator
  readonly at: Position | undefined
}

const deepFreeze = <A>(value: A): A => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}

const origins = new WeakMap<Step, StepOrigin>()

/** The operator that made a step, and its place in a file. */
export const originOf = (step: Step): StepOrigin => {
  const origin = origins.get(step)
  if (origin === undefined) throw new TypeError(`step \`${step.name}\` was not made by an operator`)
  return origin
}

/** Makes a frozen step. */
export const makeStep = (operator: AnyOperator, params: Readonly<Record<string, unknown>>, at?: Position): Step => {
  const step = deepFreeze({ name: operator.name, params })
  origins.set(step, { operator, at })
  return step
}

/** Kind of element that some steps emit. Operators that pass on their input are skipped. */
export const givenBy = (steps: ReadonlyArray<Step>): Element<AnyElement> | undefined => {
  for (let i = steps.length - 1; i >= 0; i--) {
    const { to } = originOf(steps[i]).operator
    if (to !== "any") return to
  }
  return undefined
}
