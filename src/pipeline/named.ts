/**
 * Parameters that choose one definition by its name and hold that definition's own parameters: `metric_loss: oml`, or
 * `metric_loss: { name: oml, temperature: 0.02 }`. Names, checks, defaults, messages and the catalogue come from one list.
 */
import { Result, Schema } from "effect"
import { check, type Misfit } from "./check.ts"
import type { Choice, Definition, Named, OwnParam } from "./definition.ts"
import { choice, Flag, type Param, type Plain, Positive, PositiveInt, Probability } from "./param.ts"
import { quoted, shown, suggestion } from "./words.ts"

/**
 * Declares a parameter that chooses a definition by its name.
 *
 * @param fallback the definition that is chosen by default
 * @param options.none offers `none` too
 * @param options.flat accepts the definition's parameters beside the choice as well as within it
 */
export function named<const D extends Definition>(
  definitions: ReadonlyArray<D>,
  description: string,
  fallback: NoInfer<D["name"]>,
  options?: { readonly none?: false; readonly flat?: boolean }
): Param<Choice<D>, false>
export function named<const D extends Definition>(
  definitions: ReadonlyArray<D>,
  description: string,
  fallback: NoInfer<D["name"]> | "none",
  options: { readonly none: true; readonly flat?: boolean }
): Param<Choice<D> | "none", false>
export function named(
  definitions: ReadonlyArray<Definition>,
  description: string,
  fallback: string,
  { flat = false, none = false }: { readonly none?: boolean; readonly flat?: boolean } = {}
): Param<unknown, false> {
  const spec = { definitions, none, flat }
  return {
    schema: choiceSchema(spec),
    gives: undefined,
    description,
    required: false,
    fallback,
    named: spec,
    choices: definitions
  }
}

const namesOf = ({ definitions, none }: Named): ReadonlyArray<string> => [
  ...(none ? ["none"] : []),
  ...definitions.map(({ name }) => name)
]

/** A schema that describes a choice; `decodeNamed` checks it. */
const choiceSchema = (spec: Named): Plain<unknown> => {
  const names = namesOf(spec).map((name) => `"${name}"`)
  const expected = `${names.join(", ")}, or a mapping of \`name\` and parameters of its own`
  return Schema.Unknown.annotate({ expected }) as Plain<unknown>
}

const within = (definitions: ReadonlyArray<Definition>): Named => ({ definitions, none: false, flat: false })

/** The schema of a definition's parameter. */
export const schemaOf = ({ accepts }: OwnParam): Plain<unknown> => {
  switch (accepts) {
    case "positive":
      return Positive
    case "probability":
      return Probability
    case "flag":
      return Flag
    case "count":
      return PositiveInt
    default:
      return "definitions" in accepts ? choiceSchema(within(accepts.definitions)) : choice(...accepts)
  }
}

/** The value of a definition's parameter; faults have paths below it. */
const decodedOwn = (key: string, own: OwnParam, value: unknown, faults: Array<Misfit>): unknown => {
  if (typeof own.accepts === "object" && "definitions" in own.accepts) {
    return decodeNamed(key, within(own.accepts.definitions), value, faults)
  }
  const result = check(schemaOf(own), value)
  if (Result.isSuccess(result)) return result.success
  faults.push(...result.failure.map((fault) => ({ ...fault, path: [key, ...fault.path] })))
  return own.fallback
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const takes = ({ params }: Definition): string => {
  const own = Object.keys(params)
  return own.length === 0 ? "has no parameters" : `takes ${quoted(own)}`
}

/** Why the chosen definition lacks a key; `undefined` if no other definition has the key either. */
const foreign = (parameter: string, { definitions }: Named, chosen: string, key: string): string | undefined => {
  const owners = definitions.filter(({ params }) => Object.hasOwn(params, key)).map(({ name }) => name)
  if (owners.length === 0) return undefined
  const own = definitions.find(({ name }) => name === chosen)
  return `belongs to ${quoted(owners)}, but \`${parameter}\` is \`${chosen}\`${own === undefined ? "" : `, which ${takes(own)}`}`
}

const nameIn = (value: unknown): unknown => (isRecord(value) ? value.name : value)

/** Own parameters of the chosen definition with their defaults; a wrong value is replaced by its default. */
const ownOf = (
  parameter: string,
  spec: Named,
  { name, params }: Definition,
  given: Readonly<Record<string, unknown>>,
  faults: Array<Misfit>
) => {
  for (const key of Object.keys(given)) {
    if (key === "name" || Object.hasOwn(params, key)) continue
    const problem =
      foreign(parameter, spec, name, key) ?? `unknown key${suggestion(key, ["name", ...Object.keys(params)])}`
    faults.push({ path: [parameter, key], key: true, problem })
  }
  return Object.entries(params).map(([key, own]) => {
    const value = given[key]
    if (value === undefined && own.fallback === undefined) {
      faults.push({ path: [parameter, key], key: true, problem: `is missing: \`${name}\` needs it` })
      return [key, undefined] as const
    }
    const inner: Array<Misfit> = []
    const decoded = decodedOwn(key, own, value ?? own.fallback, inner)
    faults.push(...inner.map((fault) => ({ ...fault, path: [parameter, ...fault.path] })))
    return [key, decoded] as const
  })
}

/**
 * Decodes a choice: `{ name, ...parameters }` with defaults filled in, or the name alone if the definition has no
 * parameters. Equal choices give equal values, whatever form they were written in.
 */
export const decodeNamed = (parameter: string, spec: Named, value: unknown, faults: Array<Misfit>): unknown => {
  const name = nameIn(value)
  const path = isRecord(value) ? [parameter, "name"] : [parameter]
  if (typeof name !== "string") {
    const names = namesOf(spec).join(", ")
    const problem =
      isRecord(value) && name === undefined
        ? `is missing: one of ${names}`
        : `expected one of ${names}, or a mapping of \`name\` and parameters, found ${shown(name)}`
    faults.push({ path, key: isRecord(value), problem })
    return undefined
  }
  const chosen = spec.definitions.find((one) => one.name === name)
  if (chosen === undefined && !(spec.none && name === "none")) {
    faults.push({ path, key: false, problem: `unknown value "${name}"${suggestion(name, namesOf(spec))}` })
    return undefined
  }
  const own = ownOf(parameter, spec, chosen ?? { name, title: "", params: {} }, isRecord(value) ? value : {}, faults)
  return own.length === 0 ? name : { name, ...Object.fromEntries(own) }
}

/** Written parameters after parameters beside a choice were moved into it. */
export interface Gathered {
  readonly given: Readonly<Record<string, unknown>>
  /** Parameters that were moved, each with its new path. */
  readonly moved: ReadonlyMap<string, readonly [parameter: string, key: string]>
}

/**
 * Moves parameters that are written beside a choice into it: `metric_loss: oml, temperature: 0.02`. A parameter that
 * belongs to another definition than the chosen one is a fault and is left out.
 */
export const gathered = (
  declared: Readonly<Record<string, Param<unknown>>>,
  written: Readonly<Record<string, unknown>>,
  faults: Array<Misfit>
): Gathered => {
  const given: Record<string, unknown> = { ...written }
  const moved = new Map<string, readonly [string, string]>()
  const specs = Object.entries(declared).flatMap(([parameter, { fallback, named }]) =>
    named?.flat === true ? [{ parameter, named, chosen: String(nameIn(written[parameter] ?? fallback)) }] : []
  )
  const owns = ({ params }: Definition, key: string) => Object.hasOwn(params, key)
  for (const [key, value] of Object.entries(written)) {
    if (Object.hasOwn(declared, key)) continue
    const known = specs.filter(({ named }) => named.definitions.some((one) => owns(one, key)))
    if (known.length === 0) continue
    delete given[key]
    if (value === undefined) continue
    const owner = known.find(({ chosen, named }) =>
      named.definitions.some((one) => one.name === chosen && owns(one, key))
    )
    if (owner === undefined) {
      const [{ chosen, named, parameter }] = known
      faults.push({ path: [key], key: true, problem: foreign(parameter, named, chosen, key) ?? "unknown parameter" })
      continue
    }
    const { chosen, parameter } = owner
    const choice = given[parameter]
    if (isRecord(choice) && choice[key] !== undefined) {
      faults.push({ path: [key], key: true, problem: `is given twice: here and in \`${parameter}\`` })
      continue
    }
    given[parameter] = { ...(isRecord(choice) ? choice : { name: chosen }), [key]: value }
    moved.set(key, [parameter, key])
  }
  return { given, moved }
}
