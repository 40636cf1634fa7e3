/**
 * The three constructors of the language: `source` (no input), `operator` (from one kind of element to another) and
 * `passing` (any kind of element, which it passes on). Each returns a function that code calls with parameters. The same
 * value describes the operator to the reader of YAML files and to the catalogue.
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
import type { Splits } from "./splits.ts"
import type { Self } from "./step.ts"

/** A step that is not yet part of a pipeline: a function from pipeline to pipeline. Steps that do not fit do not compile. */
export type Stage<In, Out, E, R> = <E0, R0>(before: Pipeline<In, E0, R0>) => Pipeline<Out, E | E0, R | R0>
/** A step that passes on any element. */
export type PassingStage<E, R> = <A, E0, R0>(before: Pipeline<A, E0, R0>) => Pipeline<A, E | E0, R | R0>

/** The parameters may be omitted altogether if each has a default. */
type Args<P extends Params> = Record<string, never> extends Given<P> ? [given?: Given<P>] : [given: Given<P>]

/** An operator that begins a pipeline. */
export interface Source<P extends Params, Out extends AnyElement, E, R> extends AnyOperator {
  (...args: Args<P>): Pipeline<Out, E, R>
  readonly "~E": E
  readonly "~R": R
}
/** An operator from one kind of element to another. */
export interface Operator<P extends Params, In extends AnyElement, Out extends AnyElement, E, R> extends AnyOperator {
  (...args: Args<P>): Stage<In, Out, E, R>
  readonly "~E": E
  readonly "~R": R
}
/** An operator that passes on any element. */
export interface Passing<P extends Params, E, R> extends AnyOperator {
  (...args: Args<P>): PassingStage<E, R>
  readonly "~E": E
  readonly "~R": R
}

/** Checks a call in code by the same schemas as YAML, with the same messages. */
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

/** Why `operator` cannot follow a step that emits `given`, as a clause; `undefined` if it can. */
export const misfit = (
  given: Element<AnyElement> | undefined,
  operator: AnyOperator,
  before: string | undefined
): string | undefined => {
  const { from, name } = operator
  if (before === undefined || given === undefined) {
    if (from === undefined) return undefined
    return `\`${name}\` takes ${from === "any" ? "a stream" : from.plural}, but it is the first step`
  }
  if (from === undefined) return `\`${name}\` begins a pipeline, but it follows \`${before}\``
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
 * @param spec.about one sentence for the catalogue
 * @param spec.declares effects outside the stream, see `Declares`
 * @param spec.ranges how it splits into ranges, see `Splits`
 * @param spec.run from parameters to the stream; sources of large elements emit chunks of one, and report their number to
 *   `self.expect`
 *
 * @example
 * import { Schema, Stream } from "effect"
 * const Num = { kind: "number", plural: "numbers", about: "a number" }
 * const to = { schema: Schema.Number, description: "How many.", required: false, fallback: 3 }
 * const run = (given) => Stream.map(Stream.range(1, given.to), (value) => ({ kind: "number", value }))
 * const count = source({ name: "count", about: "Counts.", to: Num, params: { to }, run })
 * count().steps // => [{ name: "count", params: { to: 3 } }]
 * count({ to: 5 }).steps[0].params // => { to: 5 }
 */
export const source = <const P extends Params, Out extends AnyElement, E, R>(
  spec: {
    readonly name: string
    readonly about: string
    readonly to: Element<Out>
    readonly params: P
    readonly declares?: Declares<Decoded<P>>
    readonly run: (params: Decoded<P>, self: Self) => Stream.Stream<NoInfer<Out>, E, R>
  } & Splits<Decoded<P>, never, NoInfer<Out>, NoInfer<E>, NoInfer<R>>
): Source<P, Out, E, R> => {
  const description: AnyOperator = {
    ...spec,
    from: undefined,
    run: (params: Decoded<P>, self: Self) => () => spec.run(params, self)
  } as unknown as AnyOperator
  const call = (given?: unknown) => makePipeline([makeStep(description, checked(description, given))])
  return describe(call, description) as unknown as Source<P, Out, E, R>
}

/**
 * Declares an operator from one kind of element to another.
 *
 * @param spec.about one sentence for the catalogue
 * @param spec.ahead for an operator that computes for long: number of input elements that are prepared meanwhile
 * @param spec.declares effects outside the stream, see `Declares`
 * @param spec.settle checks the combination of parameters, see `AnyOperator`
 * @param spec.each whether it makes the same of each element wherever a stream is cut; see `Splits`, also for `parts`
 * @param spec.run from parameters to a function of streams. Failures of earlier steps pass through it unchanged.
 *
 * @example
 * import { Schema, Stream } from "effect"
 * const Num = { kind: "number", plural: "numbers", about: "a number" }
 * const by = { schema: Schema.Number, description: "The factor.", required: true }
 * const run = (given) => (numbers) => Stream.map(numbers, ({ value }) => ({ kind: "number", value: value * given.by }))
 * const scale = operator({ name: "scale", about: "Multiplies.", from: Num, to: Num, params: { by }, run })
 * const one = source({ name: "one", about: "One.", to: Num, params: {}, run: () => Stream.empty })
 * one().pipe(scale({ by: 2 })).steps.map(({ name }) => name) // => ["one", "scale"]
 */
export const operator = <const P extends Params, In extends AnyElement, Out extends AnyElement, E, R>(
  spec: {
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
  } & Splits<Decoded<P>, NoInfer<In>, NoInfer<Out>, NoInfer<E>, NoInfer<R>>
): Operator<P, In, Out, E, R> => {
  const description = spec as unknown as AnyOperator
  const call = (given?: unknown) => append(description, given)
  return describe(call, description) as unknown as Operator<P, In, Out, E, R>
}

/**
 * Declares an operator that passes on any kind of element: to count, cut or observe a stream.
 *
 * @example
 * import { Stream } from "effect"
 * const run = () => (elements) => Stream.take(elements, 1)
 * const first = passing({ name: "first", about: "Keeps one element.", params: {}, run })
 * first.from // => "any"
 */
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
