/**
 * The bytes of single images of a Parquet file. The rows of a file are read in groups, so the group of an image is kept
 * for its neighbours, which are usually asked for next. Does not import Effect.
 */
import { statSync } from "node:fs"
import { messageOf } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import { openParquetFile } from "../shared/parquet-file.ts"
import { imageColumn, withoutField } from "./columns.ts"

/** Rows of one piece if the file says where its pages lie, which allows reading a part of a group. */
const ROWS = 64

/** Files, and pieces of them, that are kept: the last one, and the one before, for images that are asked for at once. */
const KEPT = 2

interface Piece {
  readonly from: number
  readonly to: number
}

/** A file whose images can be read. */
interface Album {
  /** The rows that are read with this one. */
  readonly pieceOf: (row: number) => Piece
  /** The images of a piece; `undefined` for a row without bytes. */
  readonly read: (piece: Piece) => Promise<ReadonlyArray<Uint8Array | undefined>>
}

const REMEDY = "Get the file again, or leave out bad patches with `on_bad_patch: skip`"

/** Makes each value when it is first asked for, and keeps the `most` values that were asked for last. */
const keeping = <A>(most: number) => {
  const known = new Map<string, Promise<A>>()
  return (key: string, make: () => Promise<A>): Promise<A> => {
    const found = known.get(key) ?? make()
    known.delete(key)
    known.set(key, found)
    for (const old of known.keys()) if (known.size > most) known.delete(old)
    return found
  }
}

const albums = keeping<Album>(KEPT)
const pieces = keeping<ReadonlyArray<Uint8Array | undefined>>(KEPT)

const bytesIn = (value: unknown): Uint8Array | undefined => {
  if (value instanceof Uint8Array) return value
  const inner = (value as { readonly bytes?: unknown } | null | undefined)?.bytes
  return inner instanceof Uint8Array ? inner : undefined
}

const openAlbum = async (file: string): Promise<Album> => {
  const { metadata, read, schema } = await openParquetFile(file, REMEDY, { binary: true })
  const { image, mapping, path } = imageColumn(file, schema)
  const part = mapping && path ? withoutField(metadata, schema, image, "path") : metadata
  const groups: Array<Piece & { readonly paged: boolean }> = []
  for (const { columns, num_rows: count } of part.row_groups) {
    const from = groups.at(-1)?.to ?? 0
    const own = columns.filter(({ meta_data: known }) => known?.path_in_schema[0] === image)
    const paged = own.length > 0 && own.every(({ offset_index_offset: at }) => at !== undefined)
    groups.push({ from, to: from + Number(count), paged })
  }
  return {
    pieceOf: (row) => {
      const { from, paged, to } = groups.find((group) => row < group.to) ?? { from: row, to: row + 1, paged: false }
      if (!paged) return { from, to }
      const first = row - ((row - from) % ROWS)
      return { from: first, to: Math.min(to, first + ROWS) }
    },
    read: async ({ from, to }) => (await read([image], from, to, part)).map((row) => bytesIn(row[image]))
  }
}

/**
 * The bytes of the image of a row.
 *
 * @returns rejects with DataError if the file is missing or damaged, or the row has no bytes
 */
export const readPicture = async (file: string, row: number): Promise<Buffer> => {
  const refuse = (problem: string, remedy = REMEDY, cause?: unknown): never => {
    throw new DataError({ subject: file, problem, remedy, cause })
  }
  try {
    const { mtimeMs, size } = statSync(file)
    const key = `${file}\0${mtimeMs}\0${size}`
    const album = await albums(key, () => openAlbum(file))
    const piece = album.pieceOf(row)
    const images = await pieces(`${key}\0${piece.from}`, () => album.read(piece))
    const bytes = images[row - piece.from]
    if (bytes !== undefined) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return refuse(
      `row ${row + 1} has no bytes of an image`,
      "Write the images into the file (`datasets`: `embed_external_files=True`), or leave out bad patches with `on_bad_patch: skip`"
    )
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return refuse("is missing: the file of the patch's image")
    return refuse(`row ${row + 1} cannot be read as Parquet (${messageOf(cause)})`, REMEDY, cause)
  }
}
