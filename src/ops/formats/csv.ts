/** Reads CSV (RFC 4180), and its variants with semicolons or tabs. */
import { CsvError, parse } from "csv-parse/sync"
import { DataError } from "./data-error.ts"

/** What may separate the fields of a row. */
export const DELIMITERS = [",", ";", "\t"] as const

export type Delimiter = (typeof DELIMITERS)[number]

/** Tables may mix line ends, for example after a header was added to them. */
const LINE_ENDS = ["\r\n", "\n", "\r"]

/** The first line `sep=;` (or another sign), by which Excel knows the delimiter. */
const SEPARATOR_LINE = /^sep=([^"\r\n])[\r\n]+/i

/** Counts a sign outside quotes in each of the first two rows that are not empty. */
const countsOf = (text: string, sign: string): ReadonlyArray<number> => {
  const counts = [0]
  let quoted = false
  let empty = true
  for (const one of text) {
    if (one === '"') quoted = !quoted
    if (!quoted && (one === "\n" || one === "\r")) {
      if (!empty && counts.push(0) > 2) break
      empty = true
      continue
    }
    empty = false
    if (!quoted && one === sign) counts[counts.length - 1]++
  }
  return counts.slice(0, 2)
}

/**
 * Finds the delimiter of a table by its first two rows: the sign that occurs equally often in both, otherwise the most
 * frequent sign of the header; a comma if neither row has any of the signs.
 *
 * @example
 * delimiterOf("image;Sea, ocean\na.png;1\n") // => ";"
 * delimiterOf("image\na.png\n") // => ","
 */
export const delimiterOf = (text: string): Delimiter => {
  const named = SEPARATOR_LINE.exec(text)?.[1]
  const known = DELIMITERS.find((sign) => sign === named)
  if (known !== undefined) return known
  const found = DELIMITERS.map((sign) => ({ sign, counts: countsOf(text, sign) }))
  const score = (counts: ReadonlyArray<number>) => counts[0] + (counts[0] === (counts[1] ?? counts[0]) ? 1e9 : 0)
  const best = found.filter(({ counts }) => counts[0] > 0).sort((a, b) => score(b.counts) - score(a.counts))[0]
  return best?.sign ?? ","
}

export interface CsvOptions {
  /** What separates fields; `detect` asks `delimiterOf`. A first line `sep=;` overrules both. Default: a comma. */
  readonly delimiter?: Delimiter | "detect"
  /** Whether white space around a field, outside quotes, is removed. Default: true. */
  readonly trim?: boolean
}

/**
 * Reads the rows of a CSV text one after another. Lines may end in LF, CRLF or CR, also mixed; fields in quotes may hold
 * line ends; empty lines are skipped; rows may differ in length.
 *
 * @param file the name for messages
 * @param visit is called with each row and its number, from 0; what it throws is thrown on
 * @throws DataError if quotes are not balanced
 */
export const eachRow = (
  text: string,
  file: string,
  { delimiter = ",", trim = true }: CsvOptions,
  visit: (row: ReadonlyArray<string>, number: number) => void
): void => {
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text
  const line = SEPARATOR_LINE.exec(plain)
  const separator = line?.[1] ?? (delimiter === "detect" ? delimiterOf(plain) : delimiter)
  let number = 0
  try {
    parse(plain.slice(line?.[0].length ?? 0), {
      delimiter: separator,
      recordDelimiter: LINE_ENDS,
      relaxColumnCount: true,
      skipEmptyLines: true,
      trim,
      onRecord: (row: ReadonlyArray<string>) => {
        visit(row, number++)
        return null
      }
    })
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw new DataError({
      subject: file,
      problem: `is not a table (${cause.message})`,
      remedy: "Save it as CSV: put a field that holds quotes, delimiters or line ends in quotes, and double its quotes",
      cause
    })
  }
}

/**
 * Reads all rows of a CSV text, as `eachRow` does.
 *
 * @param file the name for messages
 * @throws DataError if quotes are not balanced
 * @example
 * readCsv('image,Sea\r\n"a\nb.png",1\n', "labels.csv") // => [["image", "Sea"], ["a\nb.png", "1"]]
 * readCsv("sep=;\np0;1", "list.csv") // => [["p0", "1"]]
 */
export const readCsv = (text: string, file: string, options: CsvOptions = {}): ReadonlyArray<ReadonlyArray<string>> => {
  const rows: Array<ReadonlyArray<string>> = []
  eachRow(text, file, options, (row) => rows.push(row))
  return rows
}
