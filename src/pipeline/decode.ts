/** From written parameters to those that an operator receives: every parameter is checked, defaults are filled in. */
import { Result } from "effect"
import { check, type Misfit } from "./check.ts"
import { decodeNamed, gathered } from "./named.ts"
import { type AnyOperator, givenBy } from "./origin.ts"
import type { Param, Params } from "./param.ts"
import { isPipeline } from "./pipeline.ts"
import { shown, suggestion } from "./words.ts"

/** All parameters of a step, and their faults. A parameter at fault is undefined. */
export interface DecodedParams {
  readonly params: Readonly<Record<string, unknown>>
  readonly faults: ReadonlyArray<Misfit>
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const decodeOne = (key: string, declared: Param<unknown>, value: unknown, faults: Array<Misfit>): unknown => {
  if (declared.named !== undefined) return decodeNamed(key, declared.named, value ?? declared.fallback, faults)
  if (value === undefined) {
    if (declared.required) faults.push({ path: [key], key: true, problem: `is missing: ${declared.description}` })
    return declared.fallback
  }
  if (declared.gives !== undefined) {
    const given = isPipeline(value) ? givenBy(value.steps) : undefined
    if (given?.kind === declared.gives.kind) return value
    const found = given === undefined ? shown(value) : `one that gives ${given.plural}`
    faults.push({
      path: [key],
      key: false,
      problem: `expected a pipeline that gives ${declared.gives.plural}, found ${found}`
    })
    return undefined
  }
  if (declared.schema === undefined) return value
  const result = check(declared.schema, value)
  if (Result.isSuccess(result)) return result.success
  for (const fault of result.failure) faults.push({ ...fault, path: [key, ...fault.path] })
  return undefined
}

/**
 * Checks the parameters of a step, or the settings of a file.
 *
 * @param written a mapping from the file or the caller, or nothing
 * @returns all parameters in the order of their declaration, and all faults
 */
export const decodeParams = (declared: Params, written: unknown): DecodedParams => {
  if (!isRecord(written ?? {})) {
    return {
      params: {},
      faults: [{ path: [], key: false, problem: `expected a mapping of parameters, found ${shown(written)}` }]
    }
  }
  const faults: Array<Misfit> = []
  const { given, moved } = gathered(declared, (written ?? {}) as Readonly<Record<string, unknown>>, faults)
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(declared, key)) {
      faults.push({ path: [key], key: true, problem: `unknown parameter${suggestion(key, Object.keys(declared))}` })
    }
  }
  const params = Object.fromEntries(
    Object.entries(declared).map(([key, one]) => [
      key,
      decodeOne(key, one, Object.hasOwn(given, key) ? given[key] : undefined, faults)
    ])
  )
  // A fault of a value that stood beside a choice is reported where it was written.
  const places = new Map([...moved].map(([key, place]) => [place.join(), key]))
  const asWritten = (fault: Misfit): Misfit => {
    const key = places.get(fault.path.slice(0, 2).join())
    return key === undefined ? fault : { ...fault, path: [key, ...fault.path.slice(2)] }
  }
  return { params, faults: faults.map(asWritten) }
}

/** Checks the parameters of a step: first each one, then their combination. */
export const decodeStep = ({ params: declared, settle }: AnyOperator, written: unknown): DecodedParams => {
  const { faults, params } = decodeParams(declared, written)
  const sound = faults.every(({ path: [key] }) => key !== undefined && !Object.hasOwn(declared, key))
  if (!sound || settle === undefined) return { faults, params }
  const settled = settle(params)
  return { faults: [...faults, ...settled.faults], params: settled.params }
}

/**
 * Brings parameters that an earlier version recorded into the form of this version: absent parameters get their defaults,
 * and parameters without an effect are left out. A value that this version does not accept is kept unchanged.
 */
export const decodeRecorded = (
  { params: declared, settle }: Pick<AnyOperator, "params" | "settle">,
  recorded: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => {
  const { faults, params } = decodeParams(declared, recorded)
  const wrong = new Set(faults.map(({ path }) => path[0]))
  const kept = Object.keys(gathered(declared, recorded, []).given).filter(
    (key) => wrong.has(key) || !Object.hasOwn(declared, key)
  )
  const settled = kept.length > 0 || settle === undefined ? params : settle(params).params
  return { ...settled, ...Object.fromEntries(kept.map((key) => [key, recorded[key]])) }
}
