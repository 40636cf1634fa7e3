/** Files of names, one a line (first column), for each split. */
import { resolve } from "node:path"
import { Schema } from "effect"
import { Name } from "../../../pipeline/param.ts"
import { DataError } from "../../formats/data-error.ts"
import { type Lists, SPLITS } from "./divide.ts"
import { readSplitFile } from "./split-files.ts"

export const ListFiles = Schema.Struct({
  train: Schema.optionalKey(Name),
  val: Schema.optionalKey(Name),
  test: Schema.optionalKey(Name)
})

/**
 * Reads the lists.
 *
 * @param root folder that relative names stand in
 * @param asking the operator, and its parameter that names the files
 * @throws DataError where none is given, or one is missing, empty, or names a patch twice
 */
export const readLists = (
  root: string,
  files: typeof ListFiles.Type | undefined,
  [operator, parameter]: readonly [string, string]
): Lists => {
  const named = SPLITS.filter((split) => files?.[split] !== undefined)
  if (files === undefined || named.length === 0) {
    throw new DataError({
      subject: operator,
      problem: "needs lists of names, but is given none",
      remedy: `Give \`${parameter}: { train: FILE, val: FILE, test: FILE }\``
    })
  }
  return Object.fromEntries(
    named.map((split) => [split, readSplitFile(resolve(root, files[split] ?? ""), split, "name")])
  )
}
