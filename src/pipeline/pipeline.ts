/**
 * A pipeline before it runs: frozen plain data, a list of steps with their parameters. It can be printed, hashed,
 * compared and transformed; `interpret.ts` turns it into a stream. One written in YAML and one composed in code are the
 * same value.
 */
import { createHash } from "node:crypto"
import { Pipeable, type Stream } from "effect"
import type { AnyElement, Element } from "./element.ts"
import type { Position } from "./fault.ts"
import type { Params } from "./param.ts"
import type { Self } from "./watch.ts"

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
  readonly run: (
    params: Readonly<Record<string, unknown>>,
    self: Self
  ) => (input: Stream.Stream<AnyElement, unknown, unknown>) => Stream.Stream<AnyElement, unknown, unknown>
}

export interface Step {
  readonly name: string
  /** As resolved: every parameter, defaults filled in. A parameter that is a pipeline holds its value. */
  readonly params: Readonly<Record<string, unknown>>
}

/** Not part of the value (not enumerable): two equal pipelines may stand in different places. */
interface StepOrigin {
  readonly operator: AnyOperator
  readonly at: Position | undefined
}

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

/** The element that a pipeline gives; operators that pass elements on are looked through. */
export const givenBy = (steps: ReadonlyArray<Step>): Element<AnyElement> | undefined => {
  for (let i = steps.length - 1; i >= 0; i--) {
    const { to } = originOf(steps[i]).operator
    if (to !== "any") return to
  }
  return undefined
}

/** Plain JSON data of a pipeline: `[{ name: params }, ...]`, pipelines inside parameters likewise. */
export const toJson = (pipeline: AnyPipeline): unknown =>
  pipeline.steps.map(({ name, params }) => ({
    [name]: Object.fromEntries(
      Object.entries(params).map(([key, value]) => [key, isPipeline(value) ? toJson(value) : value])
    )
  }))

/** SHA-256 of the canonical JSON of a pipeline: equal pipelines, equal hashes, wherever they were written. */
export const hash = (pipeline: AnyPipeline): string =>
  createHash("sha256")
    .update(canonical(toJson(pipeline)))
    .digest("hex")
    .slice(0, 16)

/** Text that YAML reads as that text without quotes. */
const BARE = /^(?!(true|false|null|[-+]?\.inf|\.nan)$)[A-Za-z_./][\w./+-]*$/i

/**
 * A value as it stands in a YAML file, in flow style; text in quotes where it would be read as something else.
 *
 * @param special text of values that are no plain data
 */
export const flowText = (value: unknown, special: (value: unknown) => string | undefined = () => undefined): string => {
  const show = (one: unknown): string => flowText(one, special)
  const found = special(value)
  if (found !== undefined) return found
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return entries.length === 0 ? "{}" : `{ ${entries.map(([key, inner]) => `${key}: ${show(inner)}`).join(", ")} }`
  }
  return typeof value === "string" && BARE.test(value) && Number.isNaN(Number(value)) ? value : JSON.stringify(value)
}

/**
 * A pipeline as it stands in a YAML file, one step a line, in flow style.
 *
 * @param nameOf the name of a pipeline that stands in a parameter; without one it is printed in place
 */
export const print = (
  pipeline: AnyPipeline,
  indent = "",
  nameOf: (inner: AnyPipeline) => string | undefined = () => undefined
): string => {
  const inner = (value: unknown): string | undefined =>
    isPipeline(value) ? (nameOf(value) ?? `\n${print(value, `${indent}    `, nameOf)}\n${indent} `) : undefined
  return pipeline.steps.map(({ name, params }) => `${indent}- ${name}: ${flowText(params, inner)}`).join("\n")
}

/** JSON with sorted keys and without undefined values. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
      .join(",")}}`
  }
  return JSON.stringify(value)
}

const deepFreeze = <A>(value: A): A => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
