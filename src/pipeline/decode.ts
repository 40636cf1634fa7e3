/** From what was written to what an operator gets: every parameter checked, defaults filled in. */
import { Result } from "effect"
import { check, type Misfit } from "./check.ts"
import { givenBy } from "./origin.ts"
import type { Param, Params } from "./param.ts"
import { isPipeline } from "./pipeline.ts"
import { shown, suggestion } from "./words.ts"

export interface DecodedParams {
  readonly params: Readonly<Record<string, unknown>>
  readonly faults: ReadonlyArray<Misfit>
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const decodeOne = (key: string, declared: Param<unknown>, value: unknown, faults: Array<Misfit>): unknown => {
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
 * @param written what the file or the caller gave: a mapping, or nothing
 * @returns all parameters in the order of their declaration, and all that is wrong
 */
export const decodeParams = (declared: Params, written: unknown): DecodedParams => {
  const given = written ?? {}
  if (!isRecord(given)) {
    return {
      params: {},
      faults: [{ path: [], key: false, problem: `expected a mapping of parameters, found ${shown(written)}` }]
    }
  }
  const faults: Array<Misfit> = []
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
  return { params, faults }
}
