/** Tables of labels: a header with the names of the classes, then one row of 0 and 1 per image. */
import { parse } from "csv-parse/sync"
import { messageOf, suggestion } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import { type ClassList, classFinder } from "./class-list.ts"
import { type Finding, finding } from "./findings.ts"

export interface LabelTable {
  readonly file: string
  /** In the order of the header. */
  readonly classes: ReadonlyArray<string>
  /** Images as the table names them, in its order. */
  readonly names: ReadonlyArray<string>
  /** uint8 [names, classes]. */
  readonly labels: Uint8Array
}

const REMEDY = "Give it a header `image,CLASS,...` and one row of 0 and 1 per image"

/** The first column has no name, and names stand in the second one. */
const INDEXED = "Its first column seems to be the index of pandas: save the table with `to_csv(file, index=False)`"

const refuse = (file: string, problem: string, remedy = REMEDY, cause?: unknown): never => {
  throw new DataError({ subject: file, problem, remedy, cause })
}

const SEPARATORS: Readonly<Record<string, string>> = { ",": "commas", ";": "semicolons", "\t": "tabs" }

/** Header and first row: names of classes may hold more commas than there are semicolons between them. */
const LOOKED_AT = 2

/** Refuses a table of whose first lines one has more of another separator than of its own. */
const refuseSeparator = (file: string, text: string, delimiter: string): void => {
  const lines = text.split(/\r?\n/).filter((one) => one.trim() !== "")
  const other = Object.keys(SEPARATORS).find((sign) =>
    lines.slice(0, LOOKED_AT).some((line) => line.split(sign).length > line.split(delimiter).length)
  )
  if (other === undefined) return
  const wanted = SEPARATORS[delimiter]
  refuse(
    file,
    `seems to have ${SEPARATORS[other]} between its columns, expected ${wanted}`,
    other === "\t" ? "Call it .tsv, or save it with commas" : `Save it with ${wanted}`
  )
}

const recordsOf = (file: string, text: string, delimiter: string): ReadonlyArray<ReadonlyArray<string>> => {
  try {
    // Rows may be longer or shorter here: `parseLabelTable` says where and how.
    return parse(text, { bom: true, delimiter, relaxColumnCount: true, skipEmptyLines: true, trim: true })
  } catch (cause) {
    refuseSeparator(file, text, delimiter)
    return refuse(file, `is not a table (${messageOf(cause)})`, undefined, cause)
  }
}

/** 0 and 1, also as spreadsheets write them. */
const CELLS: Readonly<Record<string, 0 | 1>> = { "0": 0, "1": 1, "0.0": 0, "1.0": 1 }

/** How a table is to be read. */
export interface TableOptions {
  /** Tabs in place of commas. */
  readonly delimiter?: "," | "\t"
  /** Whether columns may have no name: who reads the table then gives them theirs. */
  readonly unnamed?: boolean
}

const checkHeader = (file: string, classes: ReadonlyArray<string>, unnamed: boolean): void => {
  if (classes.length === 0) refuse(file, "its header names no class")
  const twice = classes.find((name, i) => name !== "" && classes.indexOf(name) !== i)
  if (twice !== undefined) refuse(file, `its header names the class ${twice} twice`)
  const blank = classes.indexOf("")
  if (blank >= 0 && !unnamed) {
    refuse(
      file,
      `column ${blank + 2} of its header has no name`,
      "Name the class, or save the table without that column"
    )
  }
}

/**
 * Reads a table of labels from its text.
 *
 * @throws DataError where header or rows are wrong; rows are counted from 1, the header not among them
 */
export const parseLabelTable = (
  file: string,
  text: string,
  { delimiter = ",", unnamed = false }: TableOptions = {}
): LabelTable => {
  const [header, ...rows] = recordsOf(file, text, delimiter)
  const classes = header?.slice(1) ?? []
  if (classes.length === 0 || [header, rows[0]].some((row) => /[;\t]/.test(row?.[0] ?? ""))) {
    refuseSeparator(file, text, delimiter)
  }
  checkHeader(file, classes, unnamed)
  const labels = new Uint8Array(rows.length * classes.length)
  const seen = new Set<string>()
  rows.forEach(([name, ...cells], r) => {
    if (cells.length !== classes.length) {
      refuse(file, `row ${r + 1} has ${cells.length} labels, but the header names ${classes.length} classes`)
    }
    if (name === "") refuse(file, `row ${r + 1} has no name`)
    if (seen.has(name)) refuse(file, `names ${name} twice`, "Remove one of its rows")
    seen.add(name)
    cells.forEach((cell, c) => {
      if (!Object.hasOwn(CELLS, cell)) {
        const indexed = c === 0 && header[0] === "" && cell !== ""
        const problem = `row ${r + 1} has "${cell}" for ${classes[c]}, which is neither 0 nor 1`
        refuse(file, problem, indexed ? INDEXED : undefined)
      }
      labels[r * classes.length + c] = CELLS[cell]
    })
  })
  return { file, classes, names: rows.map(([name]) => name), labels }
}

/**
 * The columns of a table in the order of a class list: by their names, never by position.
 *
 * @returns for each column of the table, the index of its class; and what differs from the usual
 * @throws DataError where a column is no class, or a class has no column
 */
export const columnsOf = (
  { classes, file }: LabelTable,
  list: ClassList
): { readonly columns: ReadonlyArray<number>; readonly findings: ReadonlyArray<Finding> } => {
  const find = classFinder(list)
  const columns = classes.map((name) => {
    const index = find(name)
    if (index !== undefined) return index
    return refuse(
      file,
      `its header names "${name}", which is no class of ${list.name}${suggestion(name, list.classes)}`
    )
  })
  const missing = list.classes.filter((_, i) => !columns.includes(i))
  if (missing.length > 0) refuse(file, `has no column for ${missing.join(", ")}`)
  if (new Set(columns).size < columns.length) refuse(file, "names a class in two columns")
  const moved = classes.filter((_, i) => columns[i] !== i)
  return {
    columns,
    findings: finding(`columns of ${file} stand in another order than usual`, moved, "note", "They are read by name")
  }
}
