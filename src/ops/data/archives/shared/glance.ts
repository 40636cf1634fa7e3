/** A glance at the names in a folder, to detect its data set. A folder that cannot be read counts as empty. */
import { type Dirent, existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { entryOf, isShown } from "./entries.ts"

/** Whether a folder holds all of these. */
export const holds = (folder: string, ...names: ReadonlyArray<string>): boolean =>
  names.every((name) => existsSync(join(folder, name)))

/** Whether a folder holds one of these. */
export const holdsAny = (folder: string, ...names: ReadonlyArray<string>): boolean =>
  names.some((name) => holds(folder, name))

/** Whether an entry, or what it links to, is a folder; `undefined` for a link to nothing. */
const isFolder = (folder: string, entry: Dirent): boolean | undefined => {
  try {
    return entryOf(folder, entry).folder
  } catch {
    return undefined
  }
}

/** The first names in a folder, of files or of folders, hidden ones left out. */
export const firstNames = (folder: string, kind: "file" | "folder"): ReadonlyArray<string> => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => isShown(entry) && (kind === "folder") === isFolder(folder, entry))
      .map(({ name }) => name)
  } catch {
    return []
  }
}

/** The ending of some file below a folder, in lower case: `.jpg`. Goes down first folders only. */
export const endingBelow = (folder: string, depth = 4): string => {
  const [file] = firstNames(folder, "file").filter((name) => /\.(tiff?|jpe?g|png)$/i.test(name))
  if (file !== undefined) {
    return file.slice(file.lastIndexOf(".")).toLowerCase().replace("tiff", "tif").replace("jpeg", "jpg")
  }
  const [inner] = firstNames(folder, "folder")
  return inner === undefined || depth === 0 ? "" : endingBelow(join(folder, inner), depth - 1)
}
