/** Columns of a parquet file by name, read on a thread of its own; see `parquet.ts`. Does not import Effect. */
import { grouped, messageOf, suggestion, shown as wordsFor } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import type { Work } from "../../../workers/thread.ts"
import { openParquetFile } from "../shared/parquet-file.ts"
import { type Column, REMEDY, type Task } from "./parquet.ts"

/** Rows that are decoded at a time. */
const ROWS = 65_536

/** Bounds, all far above BigEarthNet's, so that a small file cannot fill the memory. */
const MOST = {
  /** Characters of one text. */
  text: 4_096,
  /** Characters of all texts of one column. */
  column: 2 ** 27
}

/** Equal lists share one array, since labels repeat. */
const interning = () => {
  const known = new Map<string, unknown>()
  return (value: unknown): unknown => {
    const key = JSON.stringify(value)
    const old = known.get(key)
    if (old !== undefined) return old
    known.set(key, value)
    return value
  }
}

/** A value as a message shows it; whole numbers of 64 bits are not JSON. */
const shown = (value: unknown): string =>
  value === null || value === undefined ? "null" : wordsFor(typeof value === "bigint" ? Number(value) : value)

/** The row for a message: its number, and the value of the first column if that is a name. */
const rowText = (number: number, row: Readonly<Record<string, unknown>>, first: string): string => {
  const name = row[first]
  return `row ${number + 1}${typeof name === "string" ? ` (${first} ${name.slice(0, 80)})` : ""}`
}

const textsOf = (value: unknown, column: Column): ReadonlyArray<string> | undefined => {
  const texts = column === "text" ? [value] : value
  return Array.isArray(texts) && texts.every((one) => typeof one === "string") ? texts : undefined
}

type Values = Record<string, Array<unknown>>

/**
 * Reads some columns of a file; other columns are ignored.
 *
 * @returns rejects with DataError if the file is missing or damaged, lacks a column, or holds values of another type or
 *   beyond the bounds
 */
const readColumns = async ({ file, optional, wanted }: Task): Promise<Values> => {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new DataError({ subject: file, problem, remedy: REMEDY, cause })
  }
  try {
    const { read, rows, schema } = await openParquetFile(file, REMEDY)
    const names = schema.children.map(({ element }) => element.name)
    for (const name of Object.keys(wanted)) {
      if (!names.includes(name)) refuse(`has no column ${name}${suggestion(name, names)}`)
    }
    const kinds = Object.entries({ ...wanted, ...optional }).filter(([name]) => names.includes(name))
    const columns: Values = Object.fromEntries(kinds.map(([name]) => [name, []]))
    const characters = new Map<string, number>()
    const share = interning()
    const add = (name: string, kind: Column, value: unknown, where: () => string) => {
      if (value === null && Object.hasOwn(optional, name)) return columns[name].push(undefined)
      const texts = textsOf(value, kind) ?? refuse(`holds ${shown(value)} in the column ${name}, ${where()}`)
      if (texts.some((one) => one.length > MOST.text)) {
        refuse(`holds a text of more than ${grouped(MOST.text)} characters in the column ${name}, ${where()}`)
      }
      const total = (characters.get(name) ?? 0) + texts.reduce((sum, one) => sum + one.length, 0)
      if (total > MOST.column) refuse(`holds more than ${grouped(MOST.column)} characters in the column ${name}`)
      characters.set(name, total)
      return columns[name].push(kind === "text" ? value : share(value))
    }
    for (let from = 0; from < rows; from += ROWS) {
      const part = await read(Object.keys(columns), from, Math.min(rows, from + ROWS))
      for (const [i, row] of part.entries()) {
        const where = () => rowText(from + i, row, Object.keys(wanted)[0])
        for (const [name, kind] of kinds) add(name, kind, row[name], where)
      }
    }
    return columns
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    const absent = (cause as NodeJS.ErrnoException).code === "ENOENT"
    return refuse(absent ? "is missing" : `cannot be read as parquet (${messageOf(cause)})`, cause)
  }
}

export const work: Work<undefined, Task, unknown> = () => async (task) => ({ output: await readColumns(task) })
