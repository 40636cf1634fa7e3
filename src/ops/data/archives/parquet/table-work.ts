/** Reads a Parquet file with images, all but the images, on a thread of its own. Does not import Effect. */
import { messageOf, shown } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import { factText } from "../../../formats/fact-text.ts"
import type { Work } from "../../../workers/thread.ts"
import { factName } from "../folder/own-table.ts"
import { type Label, labelsIn, repeats } from "../shared/own-labels.ts"
import { openParquetFile } from "../shared/parquet-file.ts"
import { type Columns, columnsOf, REMEDY, withoutField } from "./columns.ts"

/** What is to be read. */
export interface Task {
  /** File or folder of the archive. */
  readonly file: string
  readonly parts: ReadonlyArray<string>
  /** Column of labels, if the user names it. */
  readonly labels: string | undefined
}

/** One row, without its image. */
export interface Row {
  /** Path that the column of images gives. */
  readonly path: string | undefined
  /** Values of the columns that may name the image, in the order of `Columns.ids`. */
  readonly ids: ReadonlyArray<string | undefined>
  readonly labels: ReadonlyArray<Label>
  readonly split: string | undefined
  readonly facts: Readonly<Record<string, string>>
}

/** All rows of a file. */
export interface Table {
  readonly columns: Columns
  readonly rows: ReadonlyArray<Row>
}

/** Rows that are read at a time. */
const ROWS = 16_384

type Values = Readonly<Record<string, unknown>>

/** A value with integers of 64 bits as numbers, and typed arrays as lists. */
const plain = (value: unknown): unknown => {
  if (typeof value === "bigint") return Number(value)
  const items = ArrayBuffer.isView(value) ? [...(value as never)] : value
  return Array.isArray(items) ? items.map(plain) : items
}

/** Labels in a cell. Nothing and -1, which `datasets` writes for an unknown class, are no labels. */
const labelsOf = (value: unknown, refuse: (problem: string) => never): ReadonlyArray<Label> => {
  const given = plain(value)
  if (given === null || given === undefined) return []
  const labels = labelsIn(given) ?? refuse(`holds ${shown(given)}, neither names nor numbers of classes,`)
  if (repeats(labels)) refuse("holds a number twice, not the numbers of classes,")
  return [...new Set(labels)].filter((label) => label !== -1 && label !== "")
}

const factsOf = (row: Values, { facts }: Columns): Row["facts"] =>
  Object.fromEntries(
    facts.flatMap(({ classes, name }) => {
      const value = plain(row[name])
      const text = factText(typeof value === "number" ? (classes?.[value] ?? value) : value)
      return text === undefined ? [] : [[factName(name), text.replace(/T00:00:00\.000Z$/, "")]]
    })
  )

const textOf = (value: unknown): string | undefined => {
  const text = factText(plain(value))
  return text === undefined || text === "" ? undefined : text
}

/** Numbers of classes become their names where the file gives these. */
const named = (labels: ReadonlyArray<Label>, classes: ReadonlyArray<string> | undefined): ReadonlyArray<Label> =>
  classes === undefined
    ? labels
    : labels.map((label) => (typeof label === "number" ? (classes[label] ?? label) : label))

const readTable = async (file: string, asked: string | undefined): Promise<Table> => {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new DataError({ subject: file, problem, remedy: REMEDY, cause })
  }
  try {
    const { metadata, read, rows: count, schema } = await openParquetFile(file, REMEDY, { binary: true })
    const columns = columnsOf(file, metadata, schema, asked)
    const { facts, ids, image, labels, path, split } = columns
    // The bytes of the images stay where they are until an image is decoded.
    const part = path ? withoutField(metadata, schema, image, "bytes") : metadata
    const others = [labels?.name, split, ...ids, ...facts.map(({ name }) => name)].filter((name) => name !== undefined)
    const wanted = [...new Set([...(path ? [image] : []), ...others])]
    const rows: Array<Row> = []
    for (let from = 0; from < count; from += ROWS) {
      const to = Math.min(count, from + ROWS)
      const found =
        wanted.length === 0 ? Array.from({ length: to - from }, (): Values => ({})) : await read(wanted, from, to, part)
      for (const [i, row] of found.entries()) {
        const at = (problem: string): never => refuse(`${problem} in the column ${labels?.name}, row ${from + i + 1}`)
        rows.push({
          path: textOf((row[image] as Values | null | undefined)?.path),
          ids: ids.map((name) => textOf(row[name])),
          labels: labels === undefined ? [] : named(labelsOf(row[labels.name], at), labels.classes),
          split: split === undefined ? undefined : textOf(row[split]),
          facts: factsOf(row, columns)
        })
      }
    }
    return { columns, rows }
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    const absent = (cause as NodeJS.ErrnoException).code === "ENOENT"
    return refuse(absent ? "is missing" : `cannot be read as Parquet (${messageOf(cause)})`, cause)
  }
}

export const work: Work<undefined, Task, ReadonlyArray<Table>> =
  () =>
  async ({ labels, parts }) => {
    const output: Array<Table> = []
    for (const part of parts) output.push(await readTable(part, labels))
    return { output }
  }
