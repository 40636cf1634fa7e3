/** Columns of a parquet file by name, read on a thread of their own. */
import { readGuarded } from "../shared/guarded.ts"

/** Type of a column: one text per row, or a list of texts. */
export type Column = "text" | "texts"
type Value<C extends Column> = C extends "text" ? string : ReadonlyArray<string>

/** Columns by name. */
export type Wanted = Readonly<Record<string, Column>>

/** What is to be read of a file. */
export interface Task {
  readonly file: string
  /** Columns that must be there. */
  readonly wanted: Wanted
  /** Columns that are read if they are there; their values may be null. */
  readonly optional: Wanted
}

/** Values by column; of an optional column `undefined` for null, and the whole column if it is missing. */
export type Columns<W extends Wanted, O extends Wanted> = {
  readonly [K in keyof W]: ReadonlyArray<Value<W[K]>>
} & { readonly [K in keyof O]?: ReadonlyArray<Value<O[K]> | undefined> }

/** For a file that cannot be read. */
export const REMEDY = "Get the file anew, or give the archive's folder"

/**
 * Reads some columns of a file; other columns are ignored.
 *
 * @param wanted the first column names the rows in messages
 * @param optional columns that may be missing, or hold null
 * @param seconds after which the thread is ended and the file refused
 * @returns rejects with DataError if the file is missing or damaged, lacks a wanted column, or holds values of another type
 */
export const readParquet = <const W extends Wanted, const O extends Wanted = Readonly<Record<never, Column>>>(
  file: string,
  wanted: W,
  optional?: O,
  seconds?: number
): Promise<Columns<W, O>> => {
  const task: Task = { file, wanted, optional: optional ?? {} }
  return readGuarded(new URL("./parquet-work.ts", import.meta.url), task, REMEDY, seconds)
}
