/** Columns of a parquet file, by name, read on a thread of its own; see `parquet.ts`. Imports no Effect. */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet"
import { compressors } from "hyparquet-compressors"
import { messageOf, suggestion } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import type { Work } from "../../../workers/thread.ts"
import type { Column, Wanted } from "./parquet.ts"

/** Rows that are unpacked at a time. */
const ROWS = 65_536

/** Equal lists share one array: labels repeat. */
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

/** JSON, in which whole numbers of 64 bits have no place. */
const shown = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (typeof one === "bigint" ? Number(one) : one)) ?? "nothing"

/** Which row it is, for a person: by its number, and by the first of the columns where that names it. */
const rowText = (number: number, row: Readonly<Record<string, unknown>>, first: string): string => {
  const name = row[first]
  return `row ${number + 1}${typeof name === "string" ? ` (${first} ${name})` : ""}`
}

const fits = (value: unknown, column: Column): boolean =>
  column === "text" ? typeof value === "string" : Array.isArray(value) && value.every((one) => typeof one === "string")

/**
 * Reads some columns of a file; others are left alone, in whatever order they stand.
 *
 * @returns rejects with DataError where the file is missing or damaged, lacks a column, or holds something else in it
 */
const readColumns = async (file: string, wanted: Wanted): Promise<Readonly<Record<string, ReadonlyArray<unknown>>>> => {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new DataError({ subject: file, problem, remedy: "Get the file anew, or give the archive's folder", cause })
  }
  const columns: Record<string, Array<unknown>> = Object.fromEntries(Object.keys(wanted).map((name) => [name, []]))
  try {
    const buffer = await asyncBufferFromFile(file)
    const metadata = await parquetMetadataAsync(buffer)
    const names = parquetSchema(metadata).children.map(({ element }) => element.name)
    for (const name of Object.keys(wanted)) {
      if (!names.includes(name)) refuse(`has no column ${name}${suggestion(name, names)}`)
    }
    const rows = Number(metadata.num_rows)
    const held = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
    if (rows !== held) refuse(`says that it has ${rows} rows, but holds ${held}`)
    const share = interning()
    for (let from = 0; from < rows; from += ROWS) {
      const part = { file: buffer, metadata, compressors, rowStart: from, rowEnd: Math.min(rows, from + ROWS) }
      const read = await parquetReadObjects({ ...part, columns: Object.keys(wanted) })
      for (const [i, row] of read.entries()) {
        for (const [name, kind] of Object.entries(wanted)) {
          const value = row[name]
          if (!fits(value, kind)) {
            refuse(`holds ${shown(value)} in the column ${name}, ${rowText(from + i, row, Object.keys(wanted)[0])}`)
          }
          columns[name].push(kind === "text" ? value : share(value))
        }
      }
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    const absent = (cause as NodeJS.ErrnoException).code === "ENOENT"
    refuse(absent ? "is missing" : `cannot be read as parquet (${messageOf(cause)})`, cause)
  }
  return columns
}

export const work: Work<undefined, { readonly file: string; readonly wanted: Wanted }, unknown> =
  () =>
  async ({ file, wanted }) => ({ output: await readColumns(file, wanted) })
