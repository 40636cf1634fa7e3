/** Operators as the interpreter sees them, and which of them made a step. */
import type { Stream } from "effect"
import type { Misfit } from "./check.ts"
import type { Declares } from "./declares.ts"
import type { AnyElement, Element } from "./element.ts"
import type { Position } from "./fault.ts"
import type { Params } from "./param.ts"
import type { Self, Step } from "./step.ts"

/** What the interpreter needs of an operator; `operator.ts` makes them. */
export interface AnyOperator {
  readonly name: string
  readonly about: string
  /** `undefined` for a source; "any" for an operator that passes on whatever it takes. */
  readonly from: Element<AnyElement> | "any" | undefined
  readonly to: Element<AnyElement> | "any"
  readonly params: Params
  /** How many elements of its input are made ready while it computes; unless said, each is made when it asks for it. */
  readonly ahead?: number
  readonly declares?: Declares
  /**
   * Checks how parameters go together, each being right by itself, and brings those that depend on each other into one
   * form. Its parameters are used even where it reports faults: records of earlier versions are read by it.
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

/** Not part of the value (not enumerable): two equal pipelines may stand in different places. */
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

export const originOf = (step: Step): StepOrigin => {
  const origin = origins.get(step)
  if (origin === undefined) throw new TypeError(`step \`${step.name}\` was not made by an operator`)
  return origin
}

export const makeStep = (operator: AnyOperator, params: Readonly<Record<string, unknown>>, at?: Position): Step => {
  const step = deepFreeze({ name: operator.name, params })
  origins.set(step, { operator, at })
  return step
}

/** The element that a pipeline gives; operators that pass elements on are looked through. */
export const givenBy = (steps: ReadonlyArray<Step>): Element<AnyElement> | undefined => {
  for (let i = steps.length - 1; i >= 0; i--) {
    const { to } = originOf(steps[i]).operator
    if (to !== "any") return to
  }
  return undefined
}
