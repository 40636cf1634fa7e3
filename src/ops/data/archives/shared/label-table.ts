/** Tables of labels: a header with the names of the classes, then one row of 0 and 1 per image. */
import { suggestion } from "../../../../pipeline/words.ts"
import { eachRow } from "../../../formats/csv.ts"
import { DataError } from "../../../formats/data-error.ts"
import { type ClassList, classFinder } from "./class-list.ts"
import { type Finding, finding } from "./findings.ts"

/** A table of labels under the classes that its header names. */
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

/** The first column has no name, and the second one holds names. */
const INDEXED = "Its first column seems to be the index of pandas: save the table with `to_csv(file, index=False)`"

const refuse = (file: string, problem: string, remedy = REMEDY): never => {
  throw new DataError({ subject: file, problem, remedy })
}

/** 0 and 1, also as spreadsheets write them. */
const CELLS: Readonly<Record<string, 0 | 1>> = { "0": 0, "1": 1, "0.0": 0, "1.0": 1 }

/** How a table is to be read. */
export interface TableOptions {
  /** Whether columns may lack a name: the caller then names them. */
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

/** Collects the rows below a header. */
class Rows {
  readonly names: Array<string> = []
  private readonly seen = new Set<string>()
  private values = new Uint8Array(1024)
  private readonly file: string
  private readonly header: ReadonlyArray<string>

  constructor(file: string, header: ReadonlyArray<string>) {
    this.file = file
    this.header = header
  }

  /** uint8 [names, classes]. */
  labels(): Uint8Array {
    return this.values.slice(0, this.names.length * (this.header.length - 1))
  }

  /** @param row counted from 1, the header not among them */
  add([name, ...cells]: ReadonlyArray<string>, row: number): void {
    const { file, header, seen } = this
    const width = header.length - 1
    if (cells.length !== width) {
      refuse(file, `row ${row} has ${cells.length} labels, but the header names ${width} classes`)
    }
    if (name === "") refuse(file, `row ${row} has no name`)
    if (seen.has(name)) refuse(file, `names ${name} twice`, "Remove one of its rows")
    seen.add(name)
    const from = this.names.length * width
    if (from + width > this.values.length) this.grow(from + width)
    cells.forEach((cell, c) => {
      if (!Object.hasOwn(CELLS, cell)) {
        const indexed = c === 0 && header[0] === "" && cell !== ""
        const problem = `row ${row} has "${cell}" for ${header[c + 1]}, which is neither 0 nor 1`
        refuse(file, problem, indexed ? INDEXED : undefined)
      }
      this.values[from + c] = CELLS[cell]
    })
    this.names.push(name)
  }

  private grow(least: number): void {
    const larger = new Uint8Array(Math.max(2 * this.values.length, least))
    larger.set(this.values)
    this.values = larger
  }
}

/**
 * Reads a table of labels from its text. Columns are separated by commas, semicolons or tabs, whichever the table uses.
 *
 * @throws DataError if header or rows are wrong; rows are counted from 1, the header not among them
 */
export const parseLabelTable = (file: string, text: string, { unnamed = false }: TableOptions = {}): LabelTable => {
  let classes: ReadonlyArray<string> = []
  let rows: Rows | undefined
  eachRow(text, file, { delimiter: "detect" }, (row, number) => {
    if (rows === undefined) {
      classes = row.slice(1)
      checkHeader(file, classes, unnamed)
      rows = new Rows(file, row)
    } else rows.add(row, number)
  })
  checkHeader(file, classes, unnamed)
  return { file, classes, names: rows?.names ?? [], labels: rows?.labels() ?? new Uint8Array(0) }
}

/**
 * Matches the columns of a table to a class list by their names, never by position.
 *
 * @returns for each column of the table, the index of its class; a finding if the order is unusual
 * @throws DataError if a column is not a class, or a class has no column
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
      `its header names "${name}", which is not a class of ${list.name}${suggestion(name, list.classes)}`
    )
  })
  const missing = list.classes.filter((_, i) => !columns.includes(i))
  if (missing.length > 0) refuse(file, `has no column for ${missing.join(", ")}`)
  if (new Set(columns).size < columns.length) refuse(file, "names a class in two columns")
  const moved = classes.filter((_, i) => columns[i] !== i)
  return {
    columns,
    findings: finding(`columns of ${file} are in another order than usual`, moved, "note", "They are read by name")
  }
}
