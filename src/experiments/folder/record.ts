/** The run record, `record.json`: what ran, with which versions, for how long, and the results; a repeated run reads it. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Result, Schema } from "effect"
import { writeFileAtomic } from "../../ops/formats/files.ts"
import { check } from "../../pipeline/check.ts"
import { few, messageOf } from "../../pipeline/words.ts"
import { RunError } from "../run-error.ts"

const Text = Schema.String.check(
  Schema.makeFilter((text: string) => (text.length > 0 && !text.includes("\0")) || "no path", { expected: "a path" })
)
const Anything = Schema.Record(Schema.String, Schema.Unknown)

/** A file in the state in which a pipeline left or found it. */
const Stamp = Schema.Struct({
  /** Relative to the run folder if both are in the same project, so that the project may be moved. */
  path: Text,
  bytes: Schema.Number,
  /** Modification time in milliseconds. */
  modified: Schema.Number,
  /** SHA-256 of a small file: rewritten with equal content, it counts as unchanged. */
  sha256: Schema.optionalKey(Schema.String)
})
export type Stamp = typeof Stamp.Type

const StageTiming = Schema.Struct({
  stage: Schema.String,
  elements: Schema.Number,
  seconds: Schema.Number,
  waits: Schema.optionalKey(Schema.Struct({ forInput: Schema.Number, ofInput: Schema.Number }))
})

const PipelineRecord = Schema.Struct({
  hash: Schema.String,
  /** Outdated: finished, but an earlier pipeline has run again since. A running pipeline is recorded as interrupted. */
  status: Schema.Literals(["finished", "interrupted", "failed", "outdated"]),
  seconds: Schema.Number,
  stages: Schema.Array(StageTiming),
  wrote: Schema.Array(Stamp),
  /** Files of others that determined the result. */
  used: Schema.optionalKey(Schema.Array(Stamp))
})
export type PipelineRecord = typeof PipelineRecord.Type

export const EngineRecord = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  threads: Schema.Number,
  workers: Schema.optionalKey(Schema.Number),
  precision: Schema.optionalKey(Schema.Literals(["float32", "bf16"])),
  gpu: Schema.Boolean,
  /** Whether networks run as graphs. Version 0.1.0 had none. */
  graph: Schema.optionalKey(Schema.Boolean),
  /** The library that computes embeddings in place of the engine. */
  inference: Schema.optionalKey(Schema.String),
  why: Schema.String
})
export type EngineRecord = typeof EngineRecord.Type

const RunRecord = Schema.Struct({
  /** Version of the program that began the run. */
  orbitrank: Schema.String,
  experiment: Schema.String,
  file: Schema.String,
  seed: Schema.Number,
  configuration: Schema.Struct({ settings: Anything, pipelines: Anything }),
  versions: Schema.Record(Schema.String, Schema.String),
  engine: Schema.optionalKey(EngineRecord),
  begun: Schema.String,
  pipelines: Schema.Record(Schema.String, PipelineRecord),
  results: Schema.optionalKey(Schema.Unknown)
})
/** Operators may enter more keys, for example `audit`. */
export type RunRecord = typeof RunRecord.Type & { readonly [key: string]: unknown }

export const RECORD = "record.json"

/** Path of the record of a run folder. */
export const recordPath = (folder: string): string => join(folder, RECORD)

/** A `record.json` of another program; nothing in such a folder is touched. */
export class ForeignRecord extends RunError {}

/** Records begin with this key; a damaged one usually still does. */
const OURS = /^\s*\{\s*"orbitrank"\s*:/

const damaged = (path: string, problem: string, cause?: unknown): RunError =>
  new RunError({
    subject: path,
    problem: `is a damaged run record (${problem})`,
    remedy: "Use `--fresh` to remove the files of this run and start anew, or `--out` for another folder",
    cause
  })

/**
 * Reads the record of a run folder.
 *
 * @returns undefined if there is none
 * @throws ForeignRecord if `record.json` is not a run record
 * @throws RunError if it is a damaged one, or cannot be read
 */
export const readRecord = (folder: string): RunRecord | undefined => {
  const path = recordPath(folder)
  if (!existsSync(path)) return undefined
  let text: string
  let value: unknown
  try {
    text = readFileSync(path, "utf8")
  } catch (cause) {
    throw new RunError({
      subject: path,
      problem: `cannot be read (${messageOf(cause)})`,
      remedy: "Use `--out` for another folder",
      cause
    })
  }
  const foreign = () =>
    new ForeignRecord({ subject: path, problem: "is not a run record", remedy: "Use `--out` for another folder" })
  try {
    value = JSON.parse(text)
  } catch (cause) {
    if (!OURS.test(text)) throw foreign()
    throw damaged(path, messageOf(cause), cause)
  }
  const known = typeof value === "object" && value !== null && "orbitrank" in value
  if (!known && !OURS.test(text)) throw foreign()
  const result = check(RunRecord, value, "ignore")
  if (Result.isSuccess(result)) return value as RunRecord
  throw damaged(path, few(result.failure.map(({ path: at, problem }) => `${at.join(".")}: ${problem}`)))
}

/** Writes the record of a run folder whole. Throws what the file system throws. */
export const writeRecord = (folder: string, record: RunRecord): void =>
  writeFileAtomic(recordPath(folder), `${JSON.stringify(record, null, 2)}\n`)

/**
 * Sets a value at a dotted path without changing the old record; `undefined` removes it, and every mapping that is empty
 * without it.
 *
 * @example
 * setPath({ results: { before: 1 } }, "results.after", 2) // => { results: { before: 1, after: 2 } }
 * setPath({ seed: 1, skipped: { read: 2 } }, "skipped.read", undefined) // => { seed: 1 }
 */
export const setPath = <A extends object>(target: A, path: string, value: unknown): A => {
  const [head, ...rest] = path.split(".")
  const before = Object.hasOwn(target, head) ? (target as Record<string, unknown>)[head] : undefined
  const inner = typeof before === "object" && before !== null ? before : {}
  const next = rest.length === 0 ? value : setPath(inner, rest.join("."), value)
  if (value !== undefined || (rest.length > 0 && Object.keys(next as object).length > 0)) {
    return { ...target, [head]: next }
  }
  return Object.fromEntries(Object.entries(target).filter(([key]) => key !== head)) as A
}
