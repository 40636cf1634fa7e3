/** The run folder: whose it is, starting anew, and what must run again. */
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs"
import { join, relative, resolve, sep } from "node:path"
import { messageOf } from "../pipeline/words.ts"
import {
  type Configuration,
  changedSince,
  differences,
  type PipelineRecord,
  type RunRecord,
  readRecord
} from "./record.ts"
import { RunError } from "./run-error.ts"

const RECORD = "record.json"

/** Ours, though they say nothing of whose folder it is: the lock, and what a process that was killed has not finished. */
const isSpare = (name: string): boolean => name === "run.lock" || name.endsWith(".partial")

/** Whose record it is that stands there; a file that is no JSON may be ours, damaged. */
const recordFor = (folder: string): RunRecord | undefined => {
  try {
    return readRecord(folder)
  } catch (fault) {
    if (fault instanceof RunError && fault.cause === undefined) throw fault
    return undefined
  }
}

/** How a run begins: going on, anew since the user says so, or anew since its file does so each time. */
export type Beginning = "goesOn" | "fresh" | "freshByFile"

/** Empties a run folder; refuses one that is not ours, and for a file that always starts anew another experiment's. */
const clear = (folder: string, experiment: string, how: Beginning): void => {
  const names = readdirSync(folder).filter((name) => !isSpare(name))
  if (names.length > 0 && !names.includes(RECORD)) {
    throw new RunError({
      subject: folder,
      problem: "holds files but no run record, so it is not emptied",
      remedy: "Choose another folder with `--out`"
    })
  }
  const record = recordFor(folder)
  if (how === "freshByFile" && record !== undefined && record.experiment !== experiment) {
    throw new RunError({
      subject: folder,
      problem: `holds the run of another experiment (${record.experiment}), and ${experiment} would empty it`,
      remedy: "Choose another folder with `--out`, or say `--fresh`"
    })
  }
  for (const name of readdirSync(folder)) {
    if (name !== "run.lock") rmSync(join(folder, name), { recursive: true, force: true })
  }
}

/**
 * Opens the run folder.
 *
 * @returns the record of an earlier run of the same configuration, if there is one
 * @throws RunError where the folder belongs to another configuration, or is not a run folder
 */
export const openFolder = (
  folder: string,
  experiment: string,
  configuration: Configuration,
  how: Beginning
): RunRecord | undefined => {
  mkdirSync(folder, { recursive: true })
  if (how !== "goesOn") {
    clear(folder, experiment, how)
    return undefined
  }
  const record = readRecord(folder)
  if (record === undefined) {
    if (readdirSync(folder).some((name) => !isSpare(name))) {
      throw new RunError({
        subject: folder,
        problem: "holds files but no run record",
        remedy: "Choose another folder with `--out`"
      })
    }
    return undefined
  }
  const different = differences(record.configuration, configuration)
  if (different.length === 0) return record
  const shown = different.slice(0, 10).concat(different.length > 10 ? [`and ${different.length - 10} more`] : [])
  throw new RunError({
    subject: folder,
    problem: "belongs to another configuration",
    remedy: `Use \`--fresh\` to empty it and start anew, or \`--out\` for another folder. What differs:\n  ${shown.join("\n  ")}`
  })
}

export type Verdict =
  | { readonly run: false }
  | { readonly run: true; readonly why: string | undefined; readonly anew: boolean }

/**
 * Whether a pipeline must run: finished ones are skipped while what they wrote, and what they read, is as it was.
 *
 * @param folder the run's, absolute
 */
export const verdict = (folder: string, record: PipelineRecord | undefined): Verdict => {
  if (record?.status === "outdated") return { run: true, why: "a pipeline before it ran again", anew: true }
  if (record?.status !== "finished") return { run: true, why: undefined, anew: false }
  const changed = changedSince(folder, record)
  return changed === undefined ? { run: false } : { run: true, why: changed, anew: true }
}

/** Removes what a pipeline left in the run folder, so that it starts from nothing; archives and stores are kept. */
export const forget = (folder: string, record: PipelineRecord | undefined): void => {
  const root = resolve(folder) + sep
  for (const { path } of record?.wrote ?? []) {
    const file = resolve(folder, path)
    if (file.startsWith(root)) rmSync(file, { force: true })
  }
}

/** @throws RunError where a file stands in its place, or nothing may be made there */
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

/** Checkpoints as `checkpoint` writes them. */
const OURS = /^epoch_\d+\.safetensors$/

/**
 * Lets folders elsewhere stand in the run folder: where the original keeps checkpoints beside its other outputs.
 *
 * @param links from a name in the run folder to the folder that it stands for, which is made
 * @param fresh removes checkpoints of ours there, and nothing else
 */
export const linkFolders = (folder: string, links: Readonly<Record<string, string>>, fresh: boolean): void => {
  for (const [name, target] of Object.entries(links)) {
    makeFolder(target)
    if (fresh) for (const file of readdirSync(target).filter((one) => OURS.test(one))) rmSync(join(target, file))
    const link = join(folder, name)
    const there = lstatSync(link, { throwIfNoEntry: false })
    if (there?.isSymbolicLink() && resolve(folder, readlinkSync(link)) !== resolve(target)) rmSync(link)
    else if (there !== undefined) continue
    // Relative, so that a project may be moved; Windows has links to folders by whole paths alone.
    symlinkSync(process.platform === "win32" ? resolve(target) : relative(folder, resolve(target)), link, "junction")
  }
}
