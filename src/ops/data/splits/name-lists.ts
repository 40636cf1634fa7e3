/** The lists that say which patches train, validate and test: `train.csv`, `val.csv`, `test.csv`, without a header. */
import { readFileSync } from "node:fs"
import { messageOf } from "../../../pipeline/words.ts"
import type { Split } from "../../elements.ts"
import { eachRow } from "../../formats/csv.ts"
import { csvRow } from "../../formats/csv-rows.ts"
import { DataError } from "../../formats/data-error.ts"
import { textOf } from "../../formats/text.ts"

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
