/** Configurations as recorded, and how two of them differ. */
import { allSteps } from "../../pipeline/declared.ts"
import { decodeRecorded } from "../../pipeline/decode.ts"
import { type AnyOperator, originOf } from "../../pipeline/origin.ts"
import type { Params } from "../../pipeline/param.ts"
import type { AnyPipeline } from "../../pipeline/pipeline.ts"
import { canonical } from "../../pipeline/print.ts"
import { settings } from "./settings.ts"

type Mapping = Readonly<Record<string, unknown>>

/** Settings, and every pipeline with all its parameters, as JSON data. */
export interface Configuration {
  readonly settings: Mapping
  readonly pipelines: Mapping
}

/** Operators by name. */
export type Operators = ReadonlyMap<string, Pick<AnyOperator, "params" | "declares" | "settle">>

/** The operators of some pipelines. */
export const operatorsOf = (pipelines: Iterable<AnyPipeline>): Operators =>
  new Map([...pipelines].flatMap(allSteps).map((step) => [step.name, originOf(step).operator]))

const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A value with the keys that it lacks, and that its default has. */
const filled = (value: unknown, fallback: unknown): unknown => {
  if (value === undefined) return fallback
  if (!isMapping(value) || !isMapping(fallback)) return value
  const keys = [...new Set([...Object.keys(fallback), ...Object.keys(value)])]
  return Object.fromEntries(keys.map((key) => [key, filled(value[key], fallback[key])]))
}

const withDefaults = (declared: Params, written: Mapping): Mapping => {
  const defaults = Object.fromEntries(Object.entries(declared).map(([key, { fallback }]) => [key, fallback]))
  return filled(written, defaults) as Mapping
}

/** Parameters of a recorded step in the form of this version; values that this version does not accept stay as they are. */
const decodedStep = (name: string, written: Mapping, operators: Operators): Mapping => {
  const operator = operators.get(name)
  if (operator === undefined) return written
  const inner = Object.entries(written)
    .filter(([key]) => operator.params[key]?.gives !== undefined)
    .map(([key, value]) => [key, decodedPipeline(value, operators)])
  return withDefaults(operator.params, { ...decodeRecorded(operator, written), ...Object.fromEntries(inner) })
}

const decodedPipeline = (steps: unknown, operators: Operators): unknown =>
  Array.isArray(steps)
    ? steps.map((step: unknown) =>
        isMapping(step)
          ? Object.fromEntries(
              Object.entries(step).map(([name, params]) => [
                name,
                isMapping(params) ? decodedStep(name, params, operators) : params
              ])
            )
          : step
      )
    : steps

/** A configuration in which every parameter that was absent has its default. */
const decoded = (configuration: Configuration, operators: Operators): Configuration => {
  const plain = JSON.parse(JSON.stringify(configuration)) as Configuration
  const pipelines = Object.entries(plain.pipelines).map(([name, steps]) => [name, decodedPipeline(steps, operators)])
  return { settings: withDefaults(settings, plain.settings), pipelines: Object.fromEntries(pipelines) }
}

/** Leaves by their dotted paths. */
const leaves = (value: unknown, path: string, into: Map<string, string>): ReadonlyMap<string, string> => {
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) {
      if (inner !== undefined) leaves(inner, path === "" ? key : `${path}.${key}`, into)
    }
  } else into.set(path, canonical(value))
  return into
}

/**
 * Differences of two configurations, one line each: `pipelines.train.1.optimise.learning_rate: 0.002 before, 0.001 now`.
 * A parameter that an earlier version did not know has its default.
 */
export const differences = (
  before: Configuration,
  now: Configuration,
  operators: Operators = new Map()
): ReadonlyArray<string> => {
  const [old, current] = [before, now].map((one) => leaves(decoded(one, operators), "", new Map()))
  const keys = new Set([...old.keys(), ...current.keys()])
  return [...keys]
    .filter((key) => old.get(key) !== current.get(key))
    .map((key) => `${key}: ${old.get(key) ?? "absent"} before, ${current.get(key) ?? "absent"} now`)
}

/**
 * Returns a configuration without the pipelines that follow the last recorded one. Pipelines run in their order, so these
 * change nothing that the recorded pipelines made.
 *
 * @example
 * withoutAdded({ settings: {}, pipelines: { a: [] } }, { settings: {}, pipelines: { a: [], b: [] } }).pipelines // => { a: [] }
 */
export const withoutAdded = (recorded: Configuration, now: Configuration): Configuration => {
  const entries = Object.entries(now.pipelines)
  const last = entries.findLastIndex(([name]) => Object.hasOwn(recorded.pipelines, name))
  return { ...now, pipelines: Object.fromEntries(entries.slice(0, last + 1)) }
}
