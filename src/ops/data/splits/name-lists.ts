/** The lists that say which patches train, validate and test: `train.csv`, `val.csv`, `test.csv`, without a header. */
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Schema } from "effect"
import { Name } from "../../../pipeline/param.ts"
import { messageOf } from "../../../pipeline/words.ts"
import type { Split } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { textOf } from "../../formats/text.ts"
import { type Lists, SPLITS } from "./division.ts"

/** The first field of a line of CSV (RFC 4180, a line a record). */
const firstField = (line: string): string => {
  const quoted = /^\s*"((?:[^"]|"")*)"\s*(?:,|$)/.exec(line)?.[1]
  return quoted === undefined ? line.split(",")[0].trim() : quoted.replaceAll('""', '"')
}

/** The text of a list that `readSplitFile` reads. */
export const splitFileText = (names: ReadonlyArray<string>): string =>
  names.map((name) => `${/[",]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name}\n`).join("")

/** Whether a list stands where the `split` step puts it, or where a parameter says. */
export type ListedBy = "step" | "name"

/** Why a list cannot be read, and what to do: of one that `split` writes, or of one that somebody named. */
const unreadable = (file: string, split: Split, by: ListedBy, cause: unknown): DataError => {
  if (by === "step") {
    return new DataError({
      subject: file,
      problem: `cannot be read, so that nobody knows the patches of ${split}`,
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
 * Reads patch names: the first column of each line; quotes, blank lines and line ends of Windows are let go.
 *
 * @throws DataError where the file is missing, is not UTF-8, holds no name, or holds one twice
 */
export const readSplitFile = (file: string, split: Split, by: ListedBy = "step"): ReadonlyArray<string> => {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw unreadable(file, split, by, cause)
  }
  const names = textOf(bytes, file)
    .split(/\r?\n/)
    .map(firstField)
    .filter((name) => name !== "")
  const wrong = (problem: string) =>
    new DataError({ subject: file, problem, remedy: "Give one patch name a line, or make the splits anew" })
  if (names.length === 0) throw wrong(`names no patch of ${split}`)
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw wrong(`names ${name} twice`)
    seen.add(name)
  }
  return names
}

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
