/** The file `classes.txt` of an archive of one's own. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { textOf } from "../../../formats/text.ts"
import { readArchiveFile } from "./read-file.ts"

/** Path of the class list of an archive. */
export const classFile = (folder: string): string => join(folder, "classes.txt")

/**
 * The lines of `classes.txt` without white space around them, one class each; undefined if there is no such file. Empty lines at
 * the end are left out.
 *
 * @returns rejects with DataError if the file cannot be read or is not text
 */
export const classLines = async (folder: string): Promise<ReadonlyArray<string> | undefined> => {
  const file = classFile(folder)
  if (!existsSync(file)) return undefined
  const text = textOf(await readArchiveFile(file, "is missing"), file).trimEnd()
  return text.split(/\r\n?|\n/).map((line) => line.trim())
}
