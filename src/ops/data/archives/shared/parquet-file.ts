/** Opens Parquet files for archives: the optional packages, and bounds of what a small file may unfold to. No Effect. */
import type * as hyparquet from "hyparquet"
import type * as hyparquetCompressors from "hyparquet-compressors"
import { optionalPackage } from "../../../../pipeline/packages.ts"
import { grouped } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"

/** Rows of a table, and bytes of a page after decompression, at most. */
const MOST = { rows: 10_000_000, page: 2 ** 28 }

/** Decompressors that refuse a page too large before they make room for it. */
const bounded = (compressors: hyparquet.Compressors): hyparquet.Compressors =>
  Object.fromEntries(
    Object.entries(compressors).map(([codec, decompress]) => [
      codec,
      (input: Uint8Array, length: number) => {
        if (length > MOST.page)
          throw new Error(`a page of ${grouped(length)} bytes, at most ${grouped(MOST.page)} are read`)
        return decompress(input, length)
      }
    ])
  )

const TASK = "Parquet files"

/** An opened file. */
export interface ParquetFile {
  readonly metadata: hyparquet.FileMetaData
  readonly schema: hyparquet.SchemaTree
  readonly rows: number
  /**
   * Rows `from` to `to` of some columns, as mappings.
   *
   * @param metadata that of the file, or a part of it
   */
  readonly read: (
    columns: ReadonlyArray<string>,
    from: number,
    to: number,
    metadata?: hyparquet.FileMetaData
  ) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>
}

/**
 * Opens a Parquet file; its metadata are read, no row.
 *
 * @param options.binary whether columns of bytes that are not declared as text are given as bytes, not as text
 * @returns rejects with DataError if a package is missing, or if the number of rows is wrong or too large; with other errors
 *   if the file cannot be read
 */
export const openParquetFile = async (file: string, remedy: string, { binary = false } = {}): Promise<ParquetFile> => {
  const library = await optionalPackage<typeof hyparquet>("hyparquet", TASK, DataError)
  const codecs = await optionalPackage<typeof hyparquetCompressors>("hyparquet-compressors", TASK, DataError)
  const compressors = bounded(codecs.compressors)
  const buffer = await library.asyncBufferFromFile(file)
  const metadata = await library.parquetMetadataAsync(buffer)
  const refuse = (problem: string): never => {
    throw new DataError({ subject: file, problem, remedy })
  }
  const rows = Number(metadata.num_rows)
  const held = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  if (rows !== held) refuse(`says that it has ${rows} rows, but holds ${held}`)
  if (rows > MOST.rows) refuse(`has ${grouped(rows)} rows, of which at most ${grouped(MOST.rows)} are read`)
  return {
    metadata,
    schema: library.parquetSchema(metadata),
    rows,
    read: (columns, rowStart, rowEnd, part = metadata) =>
      library.parquetReadObjects({
        ...{ file: buffer, metadata: part, compressors, rowStart, rowEnd, columns: [...columns] },
        // Only the pages of these rows are read if the file says where they lie.
        ...{ utf8: !binary, useOffsetIndex: true }
      })
  }
}
