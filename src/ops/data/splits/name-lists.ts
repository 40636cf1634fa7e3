/** The lists that say which patches train, validate and test: `train.csv`, `val.csv`, `test.csv`, without a header. */
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Schema } from "effect"
import { Name } from "../../../pipeline/param.ts"
import { messageOf } from "../../../pipeline/words.ts"
import type { Split } from "../../elements.ts"
import { csvRow, eachRow } from "../../formats/csv.ts"
import { DataError } from "../../formats/data-error.ts"
import { textOf } from "../../formats/text.ts"
import { type Lists, SPLITS } from "./division.ts"

/**
 * Writes the text of a list that `readSplitFile` reads: CSV (RFC 4180) of one column without a header.
 *
 * @example
 * splitFileText(["p0", "a,b"]) // => "p0\n\"a,b\"\n"
 */
export const splitFileText = (names: ReadonlyArray<string>): string => names.map((name) => csvRow([name])).join("")

/** Where a list comes from: the `split` step, or a parameter that names the file. */
export type ListedBy = "step" | "name"

/** Explains why a list cannot be read; the remedy depends on who should have put it there. */
const unreadable = (file: string, split: Split, by: ListedBy, cause: unknown): DataError => {
  if (by === "step") {
    return new DataError({
      subject: file,
      problem: `cannot be read, so the patches of ${split} are not known`,
      remedy: "Run the pipeline with the `split` step first, or put the archive's own list there",
      cause
    })
  }
  const absent = (cause as NodeJS.ErrnoException).code === "ENOENT"
  return new DataError({
    subject: file,
    problem: absent ? "there is no such file" : `cannot be read (${messageOf(cause)})`,
    remedy: "Check its path",
    cause
  })
}

/**
 * Reads patch names: the first column of a CSV file without a header, whatever its line ends. A list that somebody named may
 * have semicolons or tabs between its columns. Empty names are skipped.
 *
 * @throws DataError if the file is missing, is not text or not CSV, holds no name, or holds a name twice
 */
export const readSplitFile = (file: string, split: Split, by: ListedBy = "step"): ReadonlyArray<string> => {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw unreadable(file, split, by, cause)
  }
  const names = new Set<string>()
  const wrong = (problem: string) =>
    new DataError({ subject: file, problem, remedy: "Give one patch name per line, or make the splits again" })
  eachRow(textOf(bytes, file), file, { delimiter: by === "name" ? "detect" : "," }, ([name]) => {
    if (names.has(name)) throw wrong(`names ${name} twice`)
    if (name !== "") names.add(name)
  })
  if (names.size === 0) throw wrong(`names no patch of ${split}`)
  return [...names]
}

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
