/** The run record, `record.json`: what was run, with what, how long it took and what came out; also how to go on. */
import { createHash } from "node:crypto"
import { existsSync, readFileSync, statSync } from "node:fs"
import { join, relative, resolve, sep } from "node:path"
import { writeFileAtomic } from "../ops/formats/files.ts"
import { canonical } from "../pipeline/print.ts"
import { RunError } from "./run-error.ts"
import type { StageTiming } from "./stages.ts"

/** A file as a pipeline left or found it. */
export interface Stamp {
  /** Relative to the run folder where both stand in the same project, so that it may be moved. */
  readonly path: string
  readonly bytes: number
  readonly modified: number
  /** SHA-256 of small files: one that was written again with the same content is the same. */
  readonly sha256?: string
}

export interface PipelineRecord {
  readonly hash: string
  /** Outdated: finished, but a pipeline before it has run again since. Interrupted is also one that runs at the moment. */
  readonly status: "finished" | "interrupted" | "failed" | "outdated"
  readonly seconds: number
  readonly stages: ReadonlyArray<StageTiming>
  readonly wrote: ReadonlyArray<Stamp>
  /** Files of others that decided what it made. */
  readonly used?: ReadonlyArray<Stamp>
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

/** Larger ones are told by size and time alone. */
const HASHED = 1 << 22

const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex")

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep)

/** A path as the record of a run folder has it. */
const recordedPath = (folder: string, path: string): string => {
  const project = resolve(".")
  const together = isBelow(folder, path) || (isBelow(project, path) && isBelow(project, folder))
  return together ? relative(folder, path) : path
}

/**
 * A file as it is now; none where there is none.
 *
 * @param folder the run's, absolute
 */
export const stamp = (folder: string, path: string): ReadonlyArray<Stamp> => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return []
  const { mtimeMs, size } = found
  const hashed = found.isFile() && size <= HASHED ? { sha256: hashOf(path) } : {}
  return [{ path: recordedPath(folder, path), bytes: size, modified: mtimeMs, ...hashed }]
}

/** The hash of a file whose stamp has one, to compare with it; never that of another. */
const hashIfAny = (path: string, { sha256 }: Stamp): string => (sha256 === undefined ? "" : hashOf(path))

/** The first file that is not as the pipeline left or found it, and how. */
export const changedSince = (folder: string, { used = [], wrote }: PipelineRecord): string | undefined => {
  for (const before of [...wrote, ...used]) {
    const path = resolve(folder, before.path)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return `${path} is gone`
    const touched = found.mtimeMs !== before.modified
    if (found.size !== before.bytes || (touched && hashIfAny(path, before) !== before.sha256)) {
      return `${path} was changed`
    }
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
