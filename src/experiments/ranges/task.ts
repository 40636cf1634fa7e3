/** A range of a segment as plain data, for a process that was not there when the pipeline was read. */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import { explained } from "../../pipeline/explained.ts"
import { isPipeline } from "../../pipeline/pipeline.ts"
import { canonical } from "../../pipeline/print.ts"
import type { Step } from "../../pipeline/step.ts"
import { escaped } from "../../pipeline/yaml/environment.ts"
import type { Division, Job } from "./division.ts"

/** Settings that a process needs to make a part. */
const TaskSettings = Schema.Struct({
  seed: Schema.Number,
  device: Schema.Union([Schema.String, Schema.Array(Schema.Number)]),
  precision: Schema.Literals(["float32", "bf16"]),
  threads: Schema.optionalKey(Schema.Number),
  graph: Schema.optionalKey(Schema.Boolean),
  inference: Schema.optionalKey(Schema.Boolean),
  root_dir: Schema.String,
  experiment: Schema.String,
  /** Local folder of the machine for copies of stores; it does not travel. */
  stage: Schema.optionalKey(Schema.String)
})
export type TaskSettings = typeof TaskSettings.Type

export const Task = Schema.Struct({
  /** Equal for all ranges of a segment, so that a process opens it once. */
  segment: Schema.String,
  key: Schema.String,
  pipeline: Schema.String,
  /**
   * Its steps, and the pipelines that their parameters name, as the text of a JSON mapping from names to steps. They are
   * loaded by the operators of the process that makes the range.
   */
  steps: Schema.String,
  settings: TaskSettings,
  /** The run folder. */
  folder: Schema.String,
  from: Schema.Number,
  to: Schema.Number,
  /** Path of the part, without extension. */
  path: Schema.String,
  /** File of the elements that the first step gathers. */
  input: Schema.optionalKey(Schema.String)
})
export type Task = typeof Task.Type

/** Plain data with every text changed; keys stay. */
export const mapTexts = (value: unknown, change: (text: string) => string): unknown => {
  if (typeof value === "string") return change(value)
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)]))
}

/** Pipelines as a file has them: one inside a parameter is another pipeline, which the parameter names. */
const asFile = (name: string, steps: ReadonlyArray<Step>): Readonly<Record<string, unknown>> => {
  const all: Record<string, unknown> = {}
  const add = (own: string, pipeline: ReadonlyArray<Step>): string => {
    all[own] = pipeline.map((step) => ({
      [step.name]: Object.fromEntries(
        Object.entries(step.params).map(([key, value]) => [
          key,
          isPipeline(value) ? add(`${own}-${Object.keys(all).length}`, value.steps) : value
        ])
      )
    }))
    return own
  }
  add(name, steps)
  return all
}

/** The task of a range. */
export const taskOf = (
  { basis, input, segment }: Division,
  { key, path, range }: Job,
  settings: TaskSettings
): Task => {
  // Texts are read as they are: a file's reader would fill in environment variables.
  const steps = JSON.stringify(mapTexts(asFile(segment.pipeline, basis.steps), escaped))
  const { folder } = basis
  const shared = {
    ...{ pipeline: segment.pipeline, steps, settings, folder },
    ...(input === undefined ? {} : { input })
  }
  const content = canonical([shared, basis.input, basis.uses])
  return { ...shared, segment: createHash("sha256").update(content).digest("hex"), key, path, ...range }
}

/** A failure of a range, from another process. */
export const RangeFailure = Schema.Struct({
  /** The class of the error; absent if it is a fault of the program. */
  tag: Schema.optionalKey(Schema.String),
  subject: Schema.String,
  problem: Schema.String,
  remedy: Schema.String,
  /** Index of the stage that failed, in its segment. */
  stage: Schema.optionalKey(Schema.Number)
})
export type RangeFailure = typeof RangeFailure.Type

/** A range could not be made by another process. */
export class PartError extends explained("PartError") {}

/** What a range is called in messages. */
export const nameOf = ({ from, pipeline, to }: Pick<Task, "from" | "pipeline" | "to">): string =>
  `range ${from} to ${to} of ${pipeline}`
