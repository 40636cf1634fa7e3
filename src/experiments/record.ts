/** The run record, `record.json`: what was run, with what, how long it took and what came out; also how to go on. */
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "../ops/files.ts"
import { canonical } from "../pipeline/print.ts"
import { RunError } from "./errors.ts"
import type { StageTiming } from "./stages.ts"

/** A file as a pipeline left it. */
export interface Written {
  readonly path: string
  readonly bytes: number
  readonly modified: number
}

export interface PipelineRecord {
  readonly hash: string
  /** Outdated: finished, but a pipeline before it has run again since. Interrupted is also one that runs at the moment. */
  readonly status: "finished" | "interrupted" | "failed" | "outdated"
  readonly seconds: number
  readonly stages: ReadonlyArray<StageTiming>
  readonly wrote: ReadonlyArray<Written>
}

/** As resolved: settings, and every pipeline with all its parameters. */
export interface Configuration {
  readonly settings: Readonly<Record<string, unknown>>
  readonly pipelines: Readonly<Record<string, unknown>>
}

export interface RunRecord {
  readonly orbitrank: string
  readonly experiment: string
  readonly file: string
  readonly seed: number
  readonly configuration: Configuration
  readonly versions: Readonly<Record<string, string>>
  readonly engine?: { readonly name: string; readonly why: string; readonly threads: number } & Readonly<
    Record<string, unknown>
  >
  readonly begun: string
  readonly pipelines: Readonly<Record<string, PipelineRecord>>
  readonly results?: unknown
  readonly [key: string]: unknown
}

export const recordPath = (folder: string): string => join(folder, "record.json")

/** @throws RunError where there is a record that cannot be read */
export const readRecord = (folder: string): RunRecord | undefined => {
  const path = recordPath(folder)
  if (!existsSync(path)) return undefined
  try {
    const record = JSON.parse(readFileSync(path, "utf8")) as RunRecord
    if (typeof record.configuration?.pipelines === "object" && typeof record.pipelines === "object") return record
  } catch (cause) {
    throw new RunError({
      subject: path,
      problem: "is not a readable run record",
      remedy: "Use `--fresh` to start anew, or `--out` for another folder",
      cause
    })
  }
  throw new RunError({ subject: path, problem: "is not a run record", remedy: "Use `--out` for another folder" })
}

export const writeRecord = (folder: string, record: RunRecord): void =>
  writeFileAtomic(recordPath(folder), `${JSON.stringify(record, null, 2)}\n`)

/**
 * Sets a dotted path, `results.trained`, without changing the old value; `undefined` takes away what stood there, and what
 * holds nothing else.
 */
export const setPath = <A extends object>(target: A, path: string, value: unknown): A => {
  const [head, ...rest] = path.split(".")
  const before = (target as Record<string, unknown>)[head]
  const inner = typeof before === "object" && before !== null ? before : {}
  const next = rest.length === 0 ? value : setPath(inner, rest.join("."), value)
  if (value !== undefined || (rest.length > 0 && Object.keys(next as object).length > 0)) {
    return { ...target, [head]: next }
  }
  return Object.fromEntries(Object.entries(target).filter(([key]) => key !== head)) as A
}

export const stamp = (path: string): Written | undefined => {
  if (!existsSync(path)) return undefined
  const { mtimeMs, size } = statSync(path)
  return { path, bytes: size, modified: mtimeMs }
}

/** The first file that is not as the pipeline left it, and how. */
export const changedSince = (record: PipelineRecord): string | undefined => {
  for (const before of record.wrote) {
    const now = stamp(before.path)
    if (now === undefined) return `${before.path} is gone`
    if (now.bytes !== before.bytes || now.modified !== before.modified) return `${before.path} was changed`
  }
  return undefined
}

/** Leaves by their dotted paths, for telling two configurations apart. */
const leaves = (value: unknown, path: string, into: Map<string, string>): Map<string, string> => {
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) {
      if (inner !== undefined) leaves(inner, path === "" ? key : `${path}.${key}`, into)
    }
  } else into.set(path, canonical(value))
  return into
}

/** `pipelines.train.1.optimise.learning_rate: 0.002 before, 0.001 now`, one line a difference. */
export const differences = (before: Configuration, now: Configuration): ReadonlyArray<string> => {
  // As JSON, since that is how the earlier one was kept: parameters without a value are gone there.
  const old = leaves(before, "", new Map())
  const current = leaves(JSON.parse(JSON.stringify(now)), "", new Map())
  const keys = new Set([...old.keys(), ...current.keys()])
  return [...keys]
    .filter((key) => old.get(key) !== current.get(key))
    .map((key) => `${key}: ${old.get(key) ?? "absent"} before, ${current.get(key) ?? "absent"} now`)
}
