/** Stamps of files: size, time and hash, by which a repeated run sees that a file has changed. */
import { createHash } from "node:crypto"
import { readFileSync, statSync } from "node:fs"
import { relative, resolve, sep } from "node:path"
import type { PipelineRecord, Stamp } from "./record.ts"

/** Files of more bytes are compared by size and time alone. */
const HASHED = 1 << 22

const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex")

/** A value of the file system; undefined if it cannot be had, as of a name that is too long. */
const found = <A>(look: () => A): A | undefined => {
  try {
    return look()
  } catch {
    return undefined
  }
}

const statOf = (path: string) => found(() => statSync(path, { throwIfNoEntry: false }))

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep)

/**
 * A path in the form of a record: relative to the run folder if both are in the same project.
 *
 * @param folder the run folder, absolute
 */
export const recordedPath = (folder: string, path: string): string => {
  const project = resolve(".")
  const together = isBelow(folder, path) || (isBelow(project, path) && isBelow(project, folder))
  return together ? relative(folder, path) : path
}

/**
 * The present stamp of a file; empty without the file.
 *
 * @param folder the run folder, absolute
 */
export const stamp = (folder: string, path: string): ReadonlyArray<Stamp> => {
  const file = statOf(path)
  if (file === undefined) return []
  const { mtimeMs, size } = file
  const hashed = file.isFile() && size <= HASHED ? { sha256: hashOf(path) } : {}
  return [{ path: recordedPath(folder, path), bytes: size, modified: mtimeMs, ...hashed }]
}

/** Whether a file still has the content of its stamp; unknown content counts as another. */
const sameContent = (path: string, { sha256 }: Stamp): boolean =>
  sha256 !== undefined && found(() => hashOf(path)) === sha256

/**
 * The first file that is not as the pipeline left or found it, and how it differs; undefined if all are unchanged.
 *
 * @param folder the run folder, absolute
 */
export const changedSince = (folder: string, { used = [], wrote }: PipelineRecord): string | undefined => {
  for (const before of [...wrote, ...used]) {
    const path = resolve(folder, before.path)
    const file = statOf(path)
    if (file === undefined) return `${path} is gone`
    const touched = file.mtimeMs !== before.modified
    if (file.size !== before.bytes || (touched && !sameContent(path, before))) return `${path} was changed`
  }
  return undefined
}
