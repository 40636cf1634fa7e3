/**
 * Tables of own archives: columns of 0 and 1 are classes, one column may list labels (`forest;water`), one may name the split,
 * and the remaining columns are facts about the images.
 */

import { suggestion } from "../../../../pipeline/words.ts"
import type { Split } from "../../../elements.ts"
import { readCsv } from "../../../formats/csv.ts"
import { csvRow } from "../../../formats/csv-rows.ts"
import { DataError } from "../../../formats/data-error.ts"
import { textOf } from "../../../formats/text.ts"
import { classFinder } from "../shared/class-list.ts"
import { type Finding, finding } from "../shared/findings.ts"
import { type LabelTable, parseLabelTable } from "../shared/label-table.ts"
import { byText, readArchiveFile } from "../shared/read-file.ts"

/** A table of labels with everything else that it says about its images. */
export interface OwnTable {
  readonly table: LabelTable
  readonly factsOf: (row: number) => Readonly<Record<string, string>>
  readonly splitOf: (row: number) => Split | undefined
  readonly findings: ReadonlyArray<Finding>
}

/** Whether a column lists labels, names the split, says something else, or is a class. */
type Role = "class" | "list" | "split" | "fact"

const LIST = /^(labels?|class(es)?|class_?names?|tags?|categor(y|ies))$/i
const SPLIT = /^(split|subset|partition|fold)$/i

/** Columns that are always facts. */
const COORDINATE = /^(lat(itude)?|lon(g|gitude)?|lng)$/i

/** Columns that are facts unless all of their values are 0 or 1. */
const FACT =
  /^(date|day|time|datetime|timestamp|year|month|acquired|acquisition(_date)?|epsg|cloud(s|_?cover)?|id|index)$/i

const SPLITS: Readonly<Record<string, Split>> = {
  train: "train",
  training: "train",
  val: "val",
  valid: "val",
  validation: "val",
  dev: "val",
  test: "test",
  testing: "test"
}

/** The split that a text names, in the usual spellings. */
export const splitNamed = (text: string): Split | undefined => {
  const key = text.toLowerCase()
  return Object.hasOwn(SPLITS, key) ? SPLITS[key] : undefined
}

/**
 * The split named at the beginning of a part's file name, or of a folder above it; undefined if none is named.
 *
 * @example
 * splitOfPart("data/train-00000-of-00002.parquet") // => "train"
 */
export const splitOfPart = (part: string): Split | undefined =>
  part
    .split("/")
    .map((name) => splitNamed(/^[a-z]+/i.exec(name)?.[0] ?? ""))
    .find((split) => split !== undefined)

const NAMES: ReadonlyArray<readonly [RegExp, string]> = [
  [/^lat(itude)?$/i, "latitude"],
  [/^(lon(g|gitude)?|lng)$/i, "longitude"],
  [/^(date|day|datetime|acquired|acquisition_?date|timestamp)$/i, "date"],
  [/^country$/i, "country"]
]

/** Names of facts that readers themselves use. */
const TAKEN = new Set(["bands", "byte_at", "byte_length", "max_values", "part_row"])

/** The name of a fact: common spellings become one. */
export const factName = (column: string): string =>
  NAMES.find(([spelling]) => spelling.test(column))?.[1] ?? (TAKEN.has(column) ? `own ${column}` : column)

const BINARY = /^[01](\.0)?$/

const roleOf = (header: string, cells: ReadonlyArray<string>, asked: ReadonlyArray<string>): Role => {
  if (asked.includes(header) || COORDINATE.test(header)) return "fact"
  if (cells.every((cell) => BINARY.test(cell))) return "class"
  if (SPLIT.test(header) && cells.every((cell) => cell === "" || splitNamed(cell) !== undefined)) return "split"
  if (LIST.test(header)) return "list"
  // A column with a 0 or 1 among other values may be a class with an error in it, which the table's reader reports.
  return FACT.test(header) || !cells.some((cell) => BINARY.test(cell)) ? "fact" : "class"
}

/** The signs between labels of one cell, the first that the column uses. */
const BETWEEN = [";", "|", ","] as const

/** Labels in a cell: `forest;water`, `forest|water`, `forest, water`, or a list as JSON or Python writes it. */
const splitter = (cells: ReadonlyArray<string>): ((cell: string) => ReadonlyArray<string>) => {
  const bare = (cell: string) => cell.replace(/^\s*[[({]|[\])}]\s*$/g, "")
  const sign = BETWEEN.find((one) => cells.some((cell) => bare(cell).includes(one))) ?? ";"
  return (cell) =>
    bare(cell)
      .split(sign)
      .map((label) => label.trim().replace(/^(["'])(.*)\1$/, "$2"))
      .filter((label) => label !== "")
}

/** A table of 0 and 1 from a column that lists labels. */
const fromList = (
  file: string,
  names: ReadonlyArray<string>,
  cells: ReadonlyArray<string>,
  known: ReadonlyArray<string> | undefined
): LabelTable => {
  const labelsOf = splitter(cells)
  const lists = cells.map(labelsOf)
  const classes = known ?? [...new Set(lists.flat())].sort(byText)
  const find = classFinder({ classes, aliases: {} })
  const rows = names.map((name, row) => {
    const set = new Set(
      lists[row].map((label) => {
        const index = find(label)
        if (index !== undefined) return index
        throw new DataError({
          subject: file,
          problem: `row ${row + 1} has the label "${label}", which classes.txt does not name${suggestion(label, classes)}`,
          remedy: "Correct the label, or add the class to classes.txt"
        })
      })
    )
    return csvRow([name, ...classes.map((_, i) => (set.has(i) ? 1 : 0))])
  })
  if (classes.length === 0) return { file, classes, names, labels: new Uint8Array(0) }
  return parseLabelTable(file, `${csvRow(["image", ...classes])}${rows.join("")}`)
}

interface Columns {
  readonly header: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly of: (role: Role) => ReadonlyArray<number>
}

const columnsOf = (all: ReadonlyArray<ReadonlyArray<string>>, asked: ReadonlyArray<string>): Columns => {
  const [header, ...rows] = all
  const roles = header.map((name, c) =>
    c === 0
      ? undefined
      : roleOf(
          name,
          rows.map((row) => row[c]),
          asked
        )
  )
  // Beside a list of labels, a column of other values than 0 and 1 cannot be a class with an error in it.
  if (roles.includes("list")) {
    roles.forEach((role, c) => {
      if (role === "class" && !rows.every((row) => BINARY.test(row[c]))) roles[c] = "fact"
    })
  }
  return { header, rows, of: (role) => roles.flatMap((one, c) => (one === role ? [c] : [])) }
}

const labelsOf = (file: string, columns: Columns, known: ReadonlyArray<string> | undefined): LabelTable => {
  const { header, of, rows } = columns
  const [lists, classes] = [of("list"), of("class")]
  if (lists.length > 1 || (lists.length === 1 && classes.length > 0)) {
    throw new DataError({
      subject: file,
      problem: `has labels in several ways: the columns ${[...lists, ...classes].map((c) => header[c]).join(", ")}`,
      remedy: "Keep one list of labels, or columns of 0 and 1, and name the other columns in `facts`"
    })
  }
  const names = rows.map(([name]) => name)
  if (lists.length === 1) {
    const cells = rows.map((row) => row[lists[0]])
    return fromList(file, names, cells, known)
  }
  const kept = [0, ...classes]
  return parseLabelTable(file, [header, ...rows].map((row) => csvRow(kept.map((c) => row[c]))).join(""))
}

const checkAsked = (file: string, header: ReadonlyArray<string>, asked: ReadonlyArray<string>): void => {
  const missing = asked.find((name) => !header.slice(1).includes(name))
  if (missing === undefined) return
  throw new DataError({
    subject: file,
    problem: `has no column ${missing}, which \`facts\` names${suggestion(missing, header.slice(1))}`,
    remedy: "Name columns of the table in `facts`"
  })
}

/**
 * Reads a table of an own archive from its text.
 *
 * @param asked columns that are facts although they hold 0 and 1
 * @param known classes in their order, for a column that lists labels; without it the labels that occur, sorted
 * @throws DataError if header or rows are wrong
 */
export const parseOwnTable = (
  file: string,
  text: string,
  asked: ReadonlyArray<string> = [],
  known?: ReadonlyArray<string>
): OwnTable => {
  const all = readCsv(text, file, { delimiter: "detect" })
  const header = all[0] ?? []
  checkAsked(file, header, asked)
  const plain = (): OwnTable => ({
    table: parseLabelTable(file, text),
    factsOf: () => ({}),
    splitOf: () => undefined,
    findings: []
  })
  // Tables of classes alone, and tables with an error, are those of every archive.
  if (all.length < 2 || header[0] === "" || all.some((row) => row.length !== header.length)) return plain()
  const columns = columnsOf(all, asked)
  const facts = columns.of("fact")
  const [splits, lists] = [columns.of("split"), columns.of("list")]
  if (columns.of("class").length + lists.length === 0 || facts.length + splits.length + lists.length === 0)
    return plain()
  return {
    table: labelsOf(file, columns, known),
    factsOf: (row) =>
      Object.fromEntries(
        facts.flatMap((c) => (columns.rows[row][c] === "" ? [] : [[factName(header[c]), columns.rows[row][c]]]))
      ),
    splitOf: (row) => splits.map((c) => splitNamed(columns.rows[row][c]))[0],
    findings: finding(
      `columns of ${file} are read as facts, not as classes`,
      [...facts, ...splits].map((c) => header[c]),
      "note",
      "If one is a class, give it 0 and 1 only"
    )
  }
}

/** As `parseOwnTable`, from a file. */
export const readOwnTable = async (
  file: string,
  asked: ReadonlyArray<string>,
  known: ReadonlyArray<string> | undefined
): Promise<OwnTable> => {
  const remedy = "Put the table there, or name another one with `labels`"
  const bytes = await readArchiveFile(file, "is missing: the archive's table of labels", remedy)
  return parseOwnTable(file, textOf(bytes, file), asked, known)
}
