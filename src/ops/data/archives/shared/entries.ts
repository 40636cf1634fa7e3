/** Entries of an archive's folders. Links are followed; a broken link or a link in a circle is an error. */
import { type Dirent, readlinkSync, realpathSync, statSync } from "node:fs"
import { isAbsolute, join, relative } from "node:path"
import { DataError } from "../../../formats/data-error.ts"

export interface Entry {
  readonly name: string
  readonly folder: boolean
  /** Whether it is a link to a file or folder elsewhere. */
  readonly link: boolean
}

const REMEDY = "Repair the link, or move it out of the folder"

/** Folders that systems create beside data: macOS in zips, Synology and Windows on disks, Linux in file systems. */
const SYSTEM = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"]

/** Whether an entry belongs to the archive: hidden entries and folders of the system do not. */
export const isShown = ({ name }: Dirent): boolean => !name.startsWith(".") && !SYSTEM.includes(name)

/**
 * An entry of a folder; a link becomes the entry that it leads to.
 *
 * @throws DataError if it is a link that is broken or must not be followed
 */
export const entryOf = (folder: string, entry: Dirent): Entry => {
  const { name } = entry
  if (!entry.isSymbolicLink()) return { name, folder: entry.isDirectory(), link: false }
  const path = join(folder, name)
  try {
    return { name, folder: statSync(path).isDirectory(), link: true }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === "ENOENT" ? `leads nowhere (${readlinkSync(path)})` : `cannot be followed (${message})`
    throw new DataError({ subject: path, problem: `is a link that ${why}`, remedy: REMEDY, cause })
  }
}

/** Real paths of the folders that a walk has left through a link. */
export type Trail = ReadonlyArray<string>

const holds = (above: string, place: string): boolean => {
  const way = relative(above, place)
  return !isAbsolute(way) && way.split(/[/\\]/)[0] !== ".."
}

/**
 * The trail of a walk that goes from a folder into one of its folders.
 *
 * @throws DataError if it is a link back to a folder that the walk is in
 */
export const trailInto = (trail: Trail, folder: string, { link, name }: Entry): Trail => {
  if (!link) return trail
  const to = realpathSync(join(folder, name))
  const left = [...trail, realpathSync(folder)]
  if (!left.some((place) => holds(to, place))) return left
  throw new DataError({
    subject: join(folder, name),
    problem: `is a link back to ${to}, which holds it: there is no end to it`,
    remedy: REMEDY
  })
}
