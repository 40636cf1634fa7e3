/** Parameters of operators: schema, description and default in one value, used for checks and for the catalogue. */
import { Schema } from "effect"
import type { Documented, Named } from "./definition.ts"
import type { AnyElement, Element } from "./element.ts"
import { expectation } from "./expectation.ts"
import type { Pipeline } from "./pipeline.ts"

/** A schema without transformations or services: the operator receives the written value. */
export type Plain<A> = Schema.Codec<A, A>

/** A declared parameter with values of type `A`. */
export interface Param<A, Required extends boolean = boolean> {
  readonly schema: Plain<A> | undefined
  /** Set if the value is a pipeline: the kind of element that it must emit. */
  readonly gives: Element<AnyElement> | undefined
  readonly description: string
  readonly required: Required
  readonly fallback: A | undefined
  /** Set if the value chooses a definition by its name, see `named.ts`. */
  readonly named?: Named
  /** Definitions that the documentation shows beside the parameter. */
  readonly choices?: ReadonlyArray<Documented>
}
/** Declared parameters by name. */
// biome-ignore lint/suspicious/noExplicitAny: a list of parameters holds parameters of any type
export type Params = Readonly<Record<string, Param<any>>>

/** Parameters as `run` receives them: every parameter, with defaults filled in. */
export type Decoded<P extends Params> = { readonly [K in keyof P]: P[K] extends Param<infer A> ? A : never }

type Needed<P extends Params> = { [K in keyof P]: P[K]["required"] extends true ? K : never }[keyof P]

/** Parameters as a caller gives them: those with a default may be omitted. */
export type Given<P extends Params> = { readonly [K in Needed<P>]: Decoded<P>[K] } & {
  readonly [K in Exclude<keyof P, Needed<P>>]?: Decoded<P>[K] | undefined
}

/**
 * Declares a parameter.
 *
 * @param schema the accepted values; see `PositiveInt` and similar schemas below
 * @param description one sentence for the catalogue
 * @param fallback the default; a parameter without one is required
 *
 * @example
 * param(PositiveInt, "Edge in pixels.").required // => true
 * param(PositiveInt, "Edge in pixels.", 64).fallback // => 64
 */
export function param<A>(schema: Plain<A>, description: string): Param<A, true>
export function param<A>(schema: Plain<A>, description: string, fallback: NoInfer<A>): Param<A, false>
export function param<A>(schema: Plain<A>, description: string, fallback?: A): Param<A> {
  return { schema, gives: undefined, description, required: fallback === undefined, fallback }
}

/** Adds a description of each value to a parameter, for the catalogue. */
export const documented = <A, Required extends boolean>(
  param: Param<A, Required>,
  choices: ReadonlyArray<Documented>
): Param<A, Required> => ({ ...param, choices })

/**
 * Declares a parameter that may be omitted and is `undefined` then.
 *
 * @example
 * optional(Name, "A label.").fallback // => undefined
 */
export const optional = <A>(schema: Plain<A>, description: string): Param<A | undefined, false> => ({
  schema: schema as Plain<A | undefined>,
  gives: undefined,
  description,
  required: false,
  fallback: undefined
})

/**
 * Declares a parameter whose value is itself a pipeline: in YAML the name of another pipeline of the same file, in code
 * a pipeline value. Errors and services of the inner pipeline must be among `E` and `R`.
 *
 * @param gives kind of element that the pipeline must emit
 */
export const pipelineParam =
  <E, R>() =>
  <A extends AnyElement>(gives: Element<A>, description: string): Param<Pipeline<A, E, R>, true> => ({
    schema: undefined,
    gives: gives as Element<AnyElement>,
    description,
    required: true,
    fallback: undefined
  })

const number = (expected: string, accepts: (n: number) => boolean): Plain<number> =>
  Schema.Number.check(Schema.makeFilter((n: number) => accepts(n) || "out of range", { expected }))

/** Any number but NaN and the infinities. */
export const Finite = number("a finite number", Number.isFinite)
/** A finite number above 0. */
export const Positive = number("a number above 0", (n) => Number.isFinite(n) && n > 0)
/** A finite number of at least 0. */
export const NonNegative = number("a number of at least 0", (n) => Number.isFinite(n) && n >= 0)
/** A whole number of at least 1. */
export const PositiveInt = number("a whole number of at least 1", (n) => Number.isSafeInteger(n) && n >= 1)
/** A whole number of at least 0. */
export const NonNegativeInt = number("a whole number of at least 0", (n) => Number.isSafeInteger(n) && n >= 0)
/** Seeds have 32 bits, as those of numpy's legacy generator. */
export const Seed = number("a whole number from 0 to 4294967295", (n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)
/** A number from 0 to 1. */
export const Probability = number("a number from 0 to 1", (n) => n >= 0 && n <= 1)
/** A number between 0 and 1, without both ends: a part that is neither nothing nor all. */
export const Fraction = number("a number between 0 and 1", (n) => n > 0 && n < 1)
/** A number above 0 and at most 1: a part that is not nothing. */
export const Share = number("a number above 0, at most 1", (n) => n > 0 && n <= 1)
/** `true` or `false`. */
export const Flag: Plain<boolean> = Schema.Boolean
/**
 * The name of a file, a folder or an experiment. A number in YAML keeps its written form: `experiment: 1e-4` names the
 * folder `1e-4`, not `0.0001`.
 */
export const Name: Plain<string> = Schema.String.check(
  Schema.makeFilter((text: string) => text.length > 0 || "empty", { expected: "text" })
)
/**
 * One of several texts.
 *
 * @example
 * import { Schema } from "effect"
 * Schema.is(choice("random", "centre"))("middle") // => false
 */
export const choice = <const L extends ReadonlyArray<string>>(...names: L): Plain<L[number]> => Schema.Literals(names)
/** Schema of the parameter `compat`: whether an operator reproduces quirks of the original that change numbers. */
export const Compat = choice("none", "original")
/** A list of at least one item. */
export const listOf = <A>(item: Plain<A>): Plain<ReadonlyArray<A>> =>
  Schema.Array(item).check(
    Schema.makeFilter((items: ReadonlyArray<A>) => items.length > 0 || "empty", {
      expected: `a list, each ${expectation(item.ast)}`
    })
  )
