/** The parameter that names the lists of splits. Apart from `name-lists.ts`, which worker threads load without Effect. */
import { resolve } from "node:path"
import { Schema } from "effect"
import { Name } from "../../../pipeline/param.ts"
import { DataError } from "../../formats/data-error.ts"
import { type Lists, SPLITS } from "./division.ts"
import { readSplitFile } from "./name-lists.ts"

/** Files of names for some of the splits, as a parameter. */
export const ListFiles = Schema.Struct({
  train: Schema.optionalKey(Name),
  val: Schema.optionalKey(Name),
  test: Schema.optionalKey(Name)
})

/**
 * Reads the lists that a parameter names.
 *
 * @param root folder that relative paths start from
 * @param asking the operator, and its parameter that names the files
 * @throws DataError if no list is given, or one is missing, empty, not CSV, or names a patch twice
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
      problem: "needs lists of names, but none is given",
      remedy: `Give \`${parameter}: { train: FILE, val: FILE, test: FILE }\``
    })
  }
  return Object.fromEntries(
    named.map((split) => [split, readSplitFile(resolve(root, files[split] ?? ""), split, "name")])
  )
}
