/**
 * Definitions that a parameter chooses from by name, such as the losses, each with parameters of its own. They are plain
 * data, so that a file that declares one needs neither Effect nor a schema; `named.ts` makes the schemas.
 */

/**
 * The values that a parameter accepts; a list of texts is a choice of one of them, `definitions` a choice of one of those,
 * which has parameters of its own in turn.
 */
export type Accepts =
  | "positive"
  | "probability"
  | "flag"
  | "count"
  | ReadonlyArray<string>
  | { readonly definitions: ReadonlyArray<Definition> }

export interface OwnParam<A = unknown> {
  readonly accepts: Accepts
  /** Its default; a parameter without one must be given. */
  readonly fallback: A | undefined
  /** One sentence for the catalogue. */
  readonly about: string
}
export type OwnParams = Readonly<Record<string, OwnParam>>

/** The values of parameters, defaults filled in. */
export type Own<P extends OwnParams> = { readonly [K in keyof P]: P[K] extends OwnParam<infer A> ? A : never }

/** Declares a number above 0. */
export const positive = (about: string, fallback?: number): OwnParam<number> => ({
  accepts: "positive",
  fallback,
  about
})

/** Declares a number from 0 to 1. */
export const probability = (about: string, fallback?: number): OwnParam<number> => ({
  accepts: "probability",
  fallback,
  about
})

/** Declares `true` or `false`. */
export const flag = (about: string, fallback?: boolean): OwnParam<boolean> => ({ accepts: "flag", fallback, about })

/** Declares a whole number of at least 1. */
export const count = (about: string, fallback?: number): OwnParam<number> => ({ accepts: "count", fallback, about })

/** Declares one of several texts. */
export const oneOf = <const L extends ReadonlyArray<string>>(
  names: L,
  about: string,
  fallback?: L[number]
): OwnParam<L[number]> => ({ accepts: names, fallback, about })

type Keys<A> = Partial<{ readonly [K in keyof A]: A[K] }>

/** A choice as a user writes it: a name, or a mapping of the name and parameters of that definition. */
export type Choice<D extends Definition> =
  D extends Definition<infer Name, infer P> ? Name | ({ readonly name: Name } & Keys<Own<P>>) : never

/** Declares a choice of one of several definitions, each with parameters of its own. */
export const oneOfDefinitions = <const D extends Definition>(
  definitions: ReadonlyArray<D>,
  about: string,
  fallback: Choice<D>
): OwnParam<Choice<D>> => ({ accepts: { definitions }, fallback, about })

/** One of several values, as the catalogue describes it. */
export interface Documented<Name extends string = string> {
  readonly name: Name
  /** What it is: a phrase without a full stop. */
  readonly title: string
  /** Where it is published. */
  readonly source?: string
  readonly params?: OwnParams
}

/** One of the definitions that a parameter chooses from. */
export interface Definition<Name extends string = string, P extends OwnParams = OwnParams> extends Documented<Name> {
  readonly params: P
}

/** What a parameter that chooses by name is decoded with. */
export interface Named {
  readonly definitions: ReadonlyArray<Definition>
  /** Whether `none` can be chosen. */
  readonly none: boolean
  /** Whether parameters of the definition may be written beside the choice: `metric_loss: oml, temperature: 0.02`. */
  readonly flat: boolean
}

/** The definition that a choice names, with its parameters and their defaults; undefined for `none`. */
export const chosenFrom = <D extends Definition>(
  definitions: ReadonlyArray<D>,
  choice: string | { readonly name: string }
): { readonly definition: D; readonly own: Own<D["params"]> } | undefined => {
  const given = typeof choice === "string" ? { name: choice } : choice
  const definition = definitions.find(({ name }) => name === given.name)
  if (definition === undefined) return undefined
  const fallbacks = Object.entries(definition.params).map(([key, { fallback }]) => [key, fallback])
  return { definition, own: { ...Object.fromEntries(fallbacks), ...given } }
}
