/** The run folder: whose it is, and which of its pipelines must run again. */
import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { messageOf } from "../../pipeline/words.ts"
import { type Configuration, differences, type Operators, withoutAdded } from "../plan/configuration.ts"
import { RunError } from "../run-error.ts"
import type { Beginning } from "./beginning.ts"
import { clear, isInside } from "./clear.ts"
import { LOCK } from "./lock-file.ts"
import { sweepRunFolder } from "./partials.ts"
import { type PipelineRecord, RECORD, type RunRecord, readRecord } from "./record.ts"
import { changedSince } from "./stamps.ts"

/** The experiment that is to run. */
export interface Wanted {
  readonly experiment: string
  readonly configuration: Configuration
  /** Operators of the configuration, by which a record of an earlier version is read. */
  readonly operators: Operators
}

export interface Opened {
  /** The record of an earlier run of the same configuration, if there is one to continue. */
  readonly record: RunRecord | undefined
  /** Names in the folder that no run wrote, and that were not removed by a run that starts anew. */
  readonly kept: ReadonlyArray<string>
}

/** Names that do not show whose folder it is: the lock, and unfinished files of a killed process. */
const isSpare = (name: string): boolean => name.startsWith(LOCK) || name.endsWith(".partial")

const listed = (folder: string): ReadonlyArray<string> => readdirSync(folder).filter((name) => !isSpare(name))

/** Links are made by `linkFolders`. */
const isLink = (folder: string, name: string): boolean => lstatSync(join(folder, name)).isSymbolicLink()

/** @throws RunError if a folder holds files but no record */
const checkOurs = (folder: string, consequence: string): void => {
  const names = listed(folder)
  if (names.length === 0 || names.includes(RECORD)) return
  throw new RunError({
    subject: folder,
    problem: `holds files but no run record${consequence}`,
    remedy: "Choose another folder with `--out`"
  })
}

/** Removes the files of an earlier run; a file that starts anew each time may not remove those of another experiment. */
const startAnew = (folder: string, { configuration, experiment, operators }: Wanted, how: Beginning): Opened => {
  checkOurs(folder, ", so it is not emptied")
  if (how === "freshByFile") {
    const record = readRecord(folder)
    if (record !== undefined && record.experiment !== experiment) {
      throw new RunError({
        subject: folder,
        problem: `holds the run of another experiment (${record.experiment}), and ${experiment} would empty it`,
        remedy: "Choose another folder with `--out`, or use `--fresh`"
      })
    }
  }
  clear(folder, configuration, operators)
  return { record: undefined, kept: listed(folder).filter((name) => !isLink(folder, name)) }
}

/**
 * Opens the run folder, and makes it if it does not exist. The configuration that continues a run may have further pipelines
 * after the recorded ones.
 *
 * @throws RunError if the folder belongs to another configuration, is not a run folder, or has a damaged record
 */
export const openFolder = (folder: string, wanted: Wanted, how: Beginning): Opened => {
  mkdirSync(folder, { recursive: true })
  if (how !== "continue") return startAnew(folder, wanted, how)
  const record = readRecord(folder)
  if (record === undefined) checkOurs(folder, "")
  const { configuration, operators } = wanted
  const different =
    record === undefined
      ? []
      : differences(record.configuration, withoutAdded(record.configuration, configuration), operators)
  if (different.length === 0) {
    sweepRunFolder(folder)
    const grown =
      Object.keys(configuration.pipelines).length > Object.keys(record?.configuration.pipelines ?? {}).length
    return { record: record !== undefined && grown ? { ...record, configuration } : record, kept: [] }
  }
  const shown = different.slice(0, 10).concat(different.length > 10 ? [`and ${different.length - 10} more`] : [])
  throw new RunError({
    subject: folder,
    problem: "belongs to another configuration",
    remedy: `Use \`--fresh\` to empty it and start anew, or \`--out\` for another folder. Differences:\n  ${shown.join("\n  ")}`
  })
}

export type Verdict =
  | { readonly run: false }
  | { readonly run: true; readonly why: string | undefined; readonly anew: boolean }

/**
 * Whether a pipeline must run: a finished pipeline is skipped while the files that it wrote and read are unchanged.
 *
 * @param folder the run folder, absolute
 */
export const verdict = (folder: string, record: PipelineRecord | undefined): Verdict => {
  if (record?.status === "outdated") return { run: true, why: "a pipeline before it ran again", anew: true }
  if (record?.status !== "finished") return { run: true, why: undefined, anew: false }
  const changed = changedSince(folder, record)
  return changed === undefined ? { run: false } : { run: true, why: changed, anew: true }
}

const isFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false

/** Removes the files that a pipeline wrote into the run folder; archives and stores are kept. */
export const forget = (folder: string, record: PipelineRecord | undefined): void => {
  for (const { path } of record?.wrote ?? []) {
    const file = resolve(folder, path)
    if (isInside(folder, file) && isFile(file)) rmSync(file)
  }
}

/** @throws RunError if the folder cannot be made, for example because a file has its name */
export const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new RunError({
      subject: folder,
      problem: `cannot be made (${messageOf(cause)})`,
      remedy: "Name a folder that may be written, for example by `root_dir`",
      cause
    })
  }
}
