/**
 * The files of parts. The part of a range is `parts/PIPELINE/STAGE/KEY.part` in the run folder, and `KEY.json` beside it says
 * how it was made. Both are written beside their place and renamed, the second one last: a part without it is unfinished.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Result, Schema } from "effect"
import { sweepPartials, writeFileAtomic } from "../../ops/formats/files.ts"
import { sealOf } from "../../ops/formats/plain-file.ts"
import { check } from "../../pipeline/check.ts"
import type { Segment } from "../../pipeline/ranges.ts"
import { EngineRecord } from "../folder/record.ts"

const Amount = Schema.Tuple([Schema.String, Schema.Number])

/** How a part was made, and everything else that happened meanwhile. */
export const Facts = Schema.Struct({
  from: Schema.Number,
  to: Schema.Number,
  /** Of the part. */
  bytes: Schema.Number,
  sha256: Schema.String,
  /** Who made it. */
  worker: Schema.String,
  seconds: Schema.Number,
  /** The tensor engine, if one was used. */
  engine: Schema.optionalKey(EngineRecord),
  said: Schema.Array(Schema.String),
  /** Files that were written, and files of others that decided the content; relative to the working directory if inside. */
  wrote: Schema.Array(Schema.String),
  uses: Schema.Array(Schema.String),
  /** Entries of the run record, by dotted path; one without a value was removed. */
  record: Schema.Array(Schema.Struct({ path: Schema.String, value: Schema.optionalKey(Schema.Unknown) })),
  sums: Schema.Array(Amount),
  /** JSON data that steps put aside, each with the number of its step in the segment. */
  beside: Schema.optionalKey(Schema.Array(Schema.Tuple([Schema.Number, Schema.Unknown]))),
  /** Whether the next run makes it again. */
  again: Schema.optionalKey(Schema.Literal(true)),
  /** Whether the result holds its values, so that the part itself is not kept. */
  saved: Schema.optionalKey(Schema.Literal(true)),
  /** Elements and seconds of each stage. */
  stages: Schema.Array(Schema.Struct({ elements: Schema.Number, seconds: Schema.Number }))
})
export type Facts = typeof Facts.Type

/** The folder of all parts in a run folder. */
export const PARTS = "parts"
const OURS = /^[0-9a-f]{16}\.(part|json|input|died)$/

const WANTED = /^([0-9a-f-]{36})\.wanted$/

/** Files of a run on a cluster, which begin with its id. */
const OF_RUN = /^[0-9a-f-]{36}\.(wanted|[0-9a-f]{16}\.log)$/

/** The folder of the parts of a segment. */
export const partsFolder = (folder: string, { pipeline, stages }: Pick<Segment, "pipeline" | "stages">): string => {
  const last = stages[stages.length - 1]
  return join(folder, PARTS, encodeURIComponent(pipeline), `${last.index}-${last.step.name}`)
}

/** Path of the elements that the first step of a segment gathered, for other processes. */
export const inputFile = (folder: string): string => join(folder, `${"0".repeat(16)}.input`)

/** Path of a part, without extension. */
export type PartPath = string & { readonly "~PartPath"?: never }

export const partOf = (path: PartPath): string => `${path}.part`
const factsOf = (path: PartPath): string => `${path}.json`

/** Writes the facts of a part, which completes it. Throws what the file system throws. */
export const writeFacts = (path: PartPath, facts: Facts): void =>
  writeFileAtomic(factsOf(path), `${JSON.stringify(facts)}\n`)

/** The facts of a finished part; undefined if it is not there, or damaged. It is made again then. */
export const readFacts = (path: PartPath): Facts | undefined => {
  if (!existsSync(factsOf(path))) return undefined
  let value: unknown
  try {
    value = JSON.parse(readFileSync(factsOf(path), "utf8"))
  } catch {
    return undefined
  }
  const result = check(Facts, value, "ignore")
  return Result.isSuccess(result) ? result.success : undefined
}

/** Whether two engines give the same digits on equal processors. */
export const sameEngine = (one: EngineRecord, other: EngineRecord): boolean =>
  one.name === other.name &&
  one.version === other.version &&
  one.precision === other.precision &&
  one.gpu === other.gpu &&
  one.graph === other.graph &&
  one.inference === other.inference

/** Whether a part has the content that its facts say. */
export const isIntact = (path: PartPath, { bytes, sha256 }: Facts): boolean => {
  const seal = sealOf(partOf(path))
  return seal !== undefined && seal.bytes === bytes && seal.sha256 === sha256
}

/** The names in a folder; none if the folder does not exist, or if a file has its name. */
const namesIn = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return []
    throw cause
  }
}

/** Removes the file of a part whose values the result holds. Throws what the file system throws. */
export const markSaved = (path: PartPath, facts: Facts): void => {
  writeFacts(path, { ...facts, saved: true })
  rmSync(partOf(path), { force: true })
}

/** What another process may do to a folder at the same time: fill it, or remove it. ENOTDIR: a file has its name. */
const RACES: ReadonlyArray<unknown> = ["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"]

/** Removes a folder if it is there and empty. Another process may write into it, or remove it, meanwhile. */
export const tidy = (folder: string): void => {
  try {
    rmdirSync(folder)
  } catch (cause) {
    if (!RACES.includes((cause as NodeJS.ErrnoException).code)) throw cause
  }
}

/** Path of the file that says a run on a cluster still wants its ranges. Workers look at it before each range. */
export const wantedFile = (folder: string, run: string): string => join(folder, PARTS, `${run}.wanted`)

/** The id of the run whose wanted file is there: a killed one. */
export const wantedRun = (folder: string): string | undefined =>
  namesIn(join(folder, PARTS)).flatMap((name) => WANTED.exec(name)?.[1] ?? [])[0]

/** Writes the wanted file of a run. */
export const writeWanted = (folder: string, run: string): void => {
  mkdirSync(join(folder, PARTS), { recursive: true })
  writeFileSync(wantedFile(folder, run), "")
}

/** Path of the file in which workers note what happened to a cell of a sweep. */
export const cellLog = (folder: string, run: string, key: string): string => join(folder, PARTS, `${run}.${key}.log`)

/** Removes the wanted file of a run and the notes of its cells, and their folder if nothing else is there. */
export const removeWanted = (folder: string, run: string): void => {
  const parts = join(folder, PARTS)
  const own = namesIn(parts).filter((name) => OF_RUN.test(name) && name.startsWith(`${run}.`))
  for (const name of own) rmSync(join(parts, name), { force: true })
  tidy(parts)
}

/**
 * Removes the parts of a pipeline, or of all pipelines, from a run folder; other files are kept.
 *
 * @param folder the run folder; the caller holds its lock
 */
export const removeParts = (folder: string, pipeline?: string): void => {
  const parts = join(folder, PARTS)
  if (pipeline === undefined) {
    for (const name of namesIn(parts)) if (OF_RUN.test(name)) rmSync(join(parts, name), { force: true })
  }
  for (const name of pipeline === undefined ? namesIn(parts) : [encodeURIComponent(pipeline)]) {
    for (const stage of namesIn(join(parts, name))) {
      const at = join(parts, name, stage)
      for (const file of namesIn(at)) if (OURS.test(file)) rmSync(join(at, file), { force: true })
      tidy(at)
    }
    tidy(join(parts, name))
  }
  tidy(parts)
}

/**
 * Removes parts like `removeParts`, and half-written parts, too. If a worker is still writing one, its write may fail, but no run is
 * affected.
 *
 * @param folder the run folder; the caller holds its lock
 */
export const removeEnded = (folder: string, pipeline?: string): void => {
  sweepPartials(join(folder, PARTS, pipeline === undefined ? "" : encodeURIComponent(pipeline)), { alone: true })
  removeParts(folder, pipeline)
}
