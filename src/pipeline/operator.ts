/**
 * The three constructors of the language: `source` (nothing in), `operator` (one element in, one out) and `passing`
 * (any element, the same out). Each gives a function that is called with parameters, in code, and a description from
 * which YAML files are read and the catalogue is made.
 */
import type { Stream } from "effect"
import type { Misfit } from "./check.ts"
import type { Declares } from "./declares.ts"
import { decodeStep } from "./decode.ts"
import type { AnyElement, Element } from "./element.ts"
import { ConfigError } from "./fault.ts"
import { type AnyOperator, givenBy, makeStep } from "./origin.ts"
import type { Decoded, Given, Params } from "./param.ts"
import { type AnyPipeline, makePipeline, type Pipeline } from "./pipeline.ts"
import type { Self } from "./step.ts"

/** A step to come: a function from pipeline value to pipeline value. Neighbours that do not fit do not compile. */
export type Stage<In, Out, E, R> = <E0, R0>(before: Pipeline<In, E0, R0>) => Pipeline<Out, E | E0, R | R0>
export type PassingStage<E, R> = <A, E0, R0>(before: Pipeline<A, E0, R0>) => Pipeline<A, E | E0, R | R0>

/** Parameters may be left out altogether where each has a default. */
type Args<P extends Params> = Record<string, never> extends Given<P> ? [given?: Given<P>] : [given: Given<P>]

export interface Source<P extends Params, Out extends AnyElement, E, R> extends AnyOperator {
  (...args: Args<P>): Pipeline<Out, E, R>
  readonly "~E": E
  readonly "~R": R
}
export interface Operator<P extends Params, In extends AnyElement, Out extends AnyElement, E, R> extends AnyOperator {
  (...args: Args<P>): Stage<In, Out, E, R>
  readonly "~E": E
  readonly "~R": R
}
export interface Passing<P extends Params, E, R> extends AnyOperator {
  (...args: Args<P>): PassingStage<E, R>
  readonly "~E": E
  readonly "~R": R
}

/** Calls in code are checked as YAML is: by the same schemas, with the same words. */
const checked = (operator: AnyOperator, given: unknown): Readonly<Record<string, unknown>> => {
  const { params, faults } = decodeStep(operator, given ?? {})
  if (faults.length === 0) return params
  throw new ConfigError({
    faults: faults.map(({ path, problem }) => ({ at: undefined, path: [operator.name, ...path].join("."), problem }))
  })
}

const append = (operator: AnyOperator, given: unknown) => {
  const step = makeStep(operator, checked(operator, given))
  return (before: AnyPipeline): AnyPipeline => {
    const problem = misfit(
      before.steps.length === 0 ? undefined : givenBy(before.steps),
      operator,
      before.steps.at(-1)?.name
    )
    if (problem !== undefined) throw new ConfigError({ faults: [{ at: undefined, path: operator.name, problem }] })
    return makePipeline([...before.steps, step])
  }
}

/** Why `operator` cannot follow a step that gives `given`; `undefined` where it can. */
export const misfit = (
  given: Element<AnyElement> | undefined,
  operator: AnyOperator,
  before: string | undefined
): string | undefined => {
  const { from, name } = operator
  if (before === undefined || given === undefined) {
    if (from === undefined) return undefined
    return `\`${name}\` takes ${from === "any" ? "a stream" : from.plural}, but nothing stands before it`
  }
  if (from === undefined) return `\`${name}\` begins a pipeline, but \`${before}\` stands before it`
  if (from === "any" || from.kind === given.kind) return undefined
  return `\`${name}\` takes ${from.plural}, but \`${before}\` gives ${given.plural}`
}

const describe = <F extends (...args: ReadonlyArray<never>) => unknown>(call: F, description: AnyOperator) => {
  for (const [key, value] of Object.entries(description)) Object.defineProperty(call, key, { value, enumerable: true })
  return Object.freeze(call) as F & AnyOperator
}

/**
 * Declares an operator that begins a pipeline.
 *
 * @param spec.run from parameters to the stream; sources of heavy elements emit chunks of one, and tell `self.expect`
 *   how many there will be
 */
export const source = <const P extends Params, Out extends AnyElement, E, R>(spec: {
  readonly name: string
  readonly about: string
  readonly to: Element<Out>
  readonly params: P
  readonly declares?: Declares<Decoded<P>>
  readonly run: (params: Decoded<P>, self: Self) => Stream.Stream<NoInfer<Out>, E, R>
}): Source<P, Out, E, R> => {
  const description: AnyOperator = {
    ...spec,
    from: undefined,
    run: (params, self) => () => spec.run(params as Decoded<P>, self)
  } as AnyOperator
  const call = (given?: unknown) => makePipeline([makeStep(description, checked(description, given))])
  return describe(call, description) as unknown as Source<P, Out, E, R>
}

/**
 * Declares an operator from one kind of element to another.
 *
 * @param spec.ahead for an operator that computes long: how many elements of its input are made meanwhile, at most
 * @param spec.settle checks how parameters go together, see `AnyOperator`
 * @param spec.run from parameters to a function of streams. Upstream's failures pass through it untouched.
 */
export const operator = <const P extends Params, In extends AnyElement, Out extends AnyElement, E, R>(spec: {
  readonly name: string
  readonly about: string
  readonly from: Element<In>
  readonly to: Element<Out>
  readonly params: P
  readonly ahead?: number
  readonly declares?: Declares<Decoded<P>>
  readonly settle?: (params: Decoded<P>) => { readonly params: Decoded<P>; readonly faults: ReadonlyArray<Misfit> }
  readonly run: (
    params: Decoded<P>,
    self: Self
  ) => (input: Stream.Stream<NoInfer<In>>) => Stream.Stream<NoInfer<Out>, E, R>
}): Operator<P, In, Out, E, R> => {
  const description = spec as unknown as AnyOperator
  const call = (given?: unknown) => append(description, given)
  return describe(call, description) as unknown as Operator<P, In, Out, E, R>
}

/** Declares an operator that takes any element and gives the same: to count, cut or watch a stream. */
export const passing = <const P extends Params, E, R>(spec: {
  readonly name: string
  readonly about: string
  readonly params: P
  readonly declares?: Declares<Decoded<P>>
  readonly run: (params: Decoded<P>, self: Self) => <A>(input: Stream.Stream<A>) => Stream.Stream<A, E, R>
}): Passing<P, E, R> => {
  const description = { ...spec, from: "any", to: "any" } as unknown as AnyOperator
  const call = (given?: unknown) => append(description, given)
  return describe(call, description) as unknown as Passing<P, E, R>
}
