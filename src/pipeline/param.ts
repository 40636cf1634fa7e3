/** Parameters of operators: schema, description and default in one value, from which checks and catalogue are made. */
import { Schema } from "effect"
import type { Documented, Named } from "./definition.ts"
import type { AnyElement, Element } from "./element.ts"
import { expectation } from "./expectation.ts"
import type { Pipeline } from "./pipeline.ts"

/** A schema without transformations or services: what is written is what the operator gets. */
export type Plain<A> = Schema.Codec<A, A>

export interface Param<A, Required extends boolean = boolean> {
  readonly schema: Plain<A> | undefined
  /** Set where the value is a pipeline: the element that it must give. */
  readonly gives: Element<AnyElement> | undefined
  readonly description: string
  readonly required: Required
  readonly fallback: A | undefined
  /** Set where the value chooses a definition by its name, see `named.ts`. */
  readonly named?: Named
  /** Definitions that the documentation shows beside the parameter. */
  readonly choices?: ReadonlyArray<Documented>
}
// biome-ignore lint/suspicious/noExplicitAny: a list of parameters holds parameters of any type
export type Params = Readonly<Record<string, Param<any>>>

/** What `run` gets: every parameter, defaults filled in. */
export type Decoded<P extends Params> = { readonly [K in keyof P]: P[K] extends Param<infer A> ? A : never }

type Needed<P extends Params> = { [K in keyof P]: P[K]["required"] extends true ? K : never }[keyof P]

/** What a caller writes: parameters with a default may be left out. */
export type Given<P extends Params> = { readonly [K in Needed<P>]: Decoded<P>[K] } & {
  readonly [K in Exclude<keyof P, Needed<P>>]?: Decoded<P>[K] | undefined
}

/**
 * Declares a parameter.
 *
 * @param schema what it accepts; see `PositiveInt` and its like below
 * @param description one sentence for the catalogue
 * @param fallback its default; a parameter without one is required
 */
export function param<A>(schema: Plain<A>, description: string): Param<A, true>
export function param<A>(schema: Plain<A>, description: string, fallback: NoInfer<A>): Param<A, false>
export function param<A>(schema: Plain<A>, description: string, fallback?: A): Param<A> {
  return { schema, gives: undefined, description, required: fallback === undefined, fallback }
}

/** A parameter whose values are documented one by one. */
export const documented = <A, Required extends boolean>(
  param: Param<A, Required>,
  choices: ReadonlyArray<Documented>
): Param<A, Required> => ({ ...param, choices })

/**
 * Declares a parameter that may be left out and then is `undefined`.
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

export const Finite = number("a finite number", Number.isFinite)
export const Positive = number("a number above 0", (n) => Number.isFinite(n) && n > 0)
export const NonNegative = number("a number of at least 0", (n) => Number.isFinite(n) && n >= 0)
export const PositiveInt = number("a whole number of at least 1", (n) => Number.isSafeInteger(n) && n >= 1)
export const NonNegativeInt = number("a whole number of at least 0", (n) => Number.isSafeInteger(n) && n >= 0)
/** Seeds of numpy's legacy generator are 32 bits wide; ours take the same range. */
export const Seed = number("a whole number from 0 to 4294967295", (n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)
export const Probability = number("a number from 0 to 1", (n) => n >= 0 && n <= 1)
/** A share that leaves something on both sides. */
export const Fraction = number("a number between 0 and 1", (n) => n > 0 && n < 1)
/** A share that leaves something of what it is of. */
export const Share = number("a number above 0, at most 1", (n) => n > 0 && n <= 1)
export const Flag: Plain<boolean> = Schema.Boolean
/**
 * Text that names something: a file, a folder, an experiment. A number written in YAML keeps the text it was written as:
 * `experiment: 1e-4` names a folder `1e-4`, not `0.0001`.
 */
export const Name: Plain<string> = Schema.String.check(
  Schema.makeFilter((text: string) => text.length > 0 || "empty", { expected: "text" })
)
export const choice = <const L extends ReadonlyArray<string>>(...names: L): Plain<L[number]> => Schema.Literals(names)
/** Whether a quirk of the original that changes numbers is reproduced: the parameter `compat` of the operator it belongs to. */
export const Compat = choice("none", "original")
export const listOf = <A>(item: Plain<A>): Plain<ReadonlyArray<A>> =>
  Schema.Array(item).check(
    Schema.makeFilter((items: ReadonlyArray<A>) => items.length > 0 || "empty", {
      expected: `a list, each ${expectation(item.ast)}`
    })
  )
