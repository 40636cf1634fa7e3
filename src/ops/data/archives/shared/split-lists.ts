/** Split lists that come with an archive. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Split } from "../../../elements.ts"
import type { Lists } from "../../splits/division.ts"
import { readSplitFile } from "../../splits/name-lists.ts"

/** Folder of BigEarthNet's official split lists, as the original has them. */
export const ORIGINAL_LISTS = "Splits"

/**
 * Reads the lists of an archive; lists that do not exist are left out.
 *
 * @param files the file of each split, within `folder`
 * @throws DataError if a list cannot be read, names nothing, or names a patch twice
 */
export const readArchiveLists = (folder: string, files: Readonly<Record<Split, string>>): Lists => {
  const lists: Partial<Record<Split, ReadonlyArray<string>>> = {}
  for (const split of ["train", "val", "test"] as const) {
    const file = join(folder, files[split])
    if (existsSync(file)) lists[split] = readSplitFile(file, split, "name")
  }
  return lists
}
