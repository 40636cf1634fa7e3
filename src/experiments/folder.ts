/** The run folder: whose it is, starting anew, and what must run again. */
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { join, resolve, sep } from "node:path"
import { RunError } from "./errors.ts"
import {
  type Configuration,
  changedSince,
  differences,
  type PipelineRecord,
  type RunRecord,
  readRecord
} from "./record.ts"

const OWN = new Set(["run.lock", "record.json"])

/** Empties a run folder; refuses one that holds files but no record, since that is not ours. */
const clear = (folder: string): void => {
  const names = existsSync(folder) ? readdirSync(folder) : []
  if (names.some((name) => !OWN.has(name)) && !names.includes("record.json")) {
    throw new RunError({
      subject: folder,
      problem: "holds files but no run record, so it is not emptied",
      remedy: "Choose another folder with `--out`"
    })
  }
  for (const name of names) if (name !== "run.lock") rmSync(`${folder}${sep}${name}`, { recursive: true, force: true })
}

/**
 * Opens the run folder.
 *
 * @returns the record of an earlier run of the same configuration, if there is one
 * @throws RunError where the folder belongs to another configuration, or is not a run folder
 */
export const openFolder = (folder: string, configuration: Configuration, fresh: boolean): RunRecord | undefined => {
  mkdirSync(folder, { recursive: true })
  if (fresh) {
    clear(folder)
    return undefined
  }
  const record = readRecord(folder)
  if (record === undefined) {
    if (readdirSync(folder).some((name) => !OWN.has(name))) {
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

/** Whether a pipeline must run: finished ones are skipped while what they wrote is as they left it. */
export const verdict = (record: PipelineRecord | undefined): Verdict => {
  if (record?.status === "outdated") return { run: true, why: "a pipeline before it ran again", anew: true }
  if (record?.status !== "finished") return { run: true, why: undefined, anew: false }
  const changed = changedSince(record)
  return changed === undefined ? { run: false } : { run: true, why: changed, anew: true }
}

/** Removes what a pipeline left in the run folder, so that it starts from nothing; archives and stores are kept. */
export const forget = (folder: string, record: PipelineRecord | undefined): void => {
  const root = resolve(folder) + sep
  for (const { path } of record?.wrote ?? []) if (resolve(path).startsWith(root)) rmSync(path, { force: true })
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
    mkdirSync(target, { recursive: true })
    if (fresh) for (const file of readdirSync(target).filter((one) => OURS.test(one))) rmSync(join(target, file))
    const link = join(folder, name)
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(resolve(target), link, "junction")
  }
}
