/** The manifest of a miniature's folder, by which it is made once, resumed, and never mixed with another. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DataError } from "../../formats/data-error.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { KNOBS } from "./knobs.ts"

/** Written first, without `complete`; and last, with it. */
const MANIFEST = "miniature.json"

/** Parameters that a miniature was made from: equal facts give equal files. */
export type Facts = Readonly<Record<string, string | number>>

const manifest = (facts: Facts, complete: boolean): string =>
  `${JSON.stringify({ ...facts, knobs: KNOBS, complete }, undefined, 2)}\n`

const refuse = (folder: string, problem: string): never => {
  throw new DataError({ subject: folder, problem, remedy: "Choose another folder (`to`), or move this one away" })
}

/**
 * Whether the folder's archive is complete.
 *
 * @throws DataError if the folder holds anything but this miniature
 */
export const beginMiniature = (folder: string, facts: Facts): boolean => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, MANIFEST)
  if (existsSync(path)) {
    const found = readFileSync(path, "utf8")
    if (found === manifest(facts, true)) return true
    if (found !== manifest(facts, false)) refuse(folder, "holds a miniature made with other parameters")
    return false
  }
  if (readdirSync(folder).some((name) => !name.endsWith(".partial")))
    refuse(folder, "holds files that do not belong to a miniature")
  writeFileAtomic(path, manifest(facts, false))
  return false
}

/** Marks the archive as complete. */
export const finishMiniature = (folder: string, facts: Facts): void =>
  writeFileAtomic(join(folder, MANIFEST), manifest(facts, true))
