/** The fields of a TIFF file's first directory (TIFF 6.0, section 2), of which nothing beyond the file's end is believed. */
import { DataError } from "./faults.ts"

/** More fields than any real file has. */
const MAX_FIELDS = 4096

/** Sizes of the integer field types; others hold nothing that is asked for here. */
const INTEGERS: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 }

/** Bytes of a value, by the types of TIFF 6.0 from 1 on and the reference of a directory. */
const VALUE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]

export type Refuse = (problem: string) => never

export const refusing =
  (file: string): Refuse =>
  (problem) => {
    throw new DataError({ subject: file, problem, remedy: "Get the file anew: it is damaged or not such an image" })
  }

/** Bytes of a file, from (inclusive) to (exclusive). */
export type Span = readonly [from: number, to: number]

export interface Fields {
  readonly littleEndian: boolean
  /** Bytes that header, directory and what has been read of its lists take. */
  readonly taken: Array<Span>
  /** Bytes that values of any field take which do not stand in the directory itself; of one that is damaged, none. */
  readonly values: ReadonlyArray<Span>
  /** All values of a tag; `undefined` where it is absent. */
  readonly list: (tag: number) => ReadonlyArray<number> | undefined
  /** The value of a tag that has one; `otherwise` where it is absent. */
  readonly one: (tag: number, otherwise: number) => number
}

/**
 * Reads the first directory.
 *
 * @throws DataError where it lies beyond the file's end, or names a field twice
 */
export const readFields = (bytes: Uint8Array, refuse: Refuse): Fields => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8) refuse(`holds ${bytes.length} bytes, fewer than a TIFF header`)
  const mark = view.getUint16(0, true)
  if (mark !== 0x4949 && mark !== 0x4d4d) refuse("is not a TIFF file")
  const littleEndian = mark === 0x4949
  const version = view.getUint16(2, littleEndian)
  if (version === 43) refuse("is a BigTIFF file, which is not read")
  if (version !== 42) refuse("is not a TIFF file")
  const directory = view.getUint32(4, littleEndian)
  if (directory + 2 > bytes.length) refuse("is cut short: its directory lies beyond its end")
  const count = view.getUint16(directory, littleEndian)
  if (count > MAX_FIELDS || directory + 2 + 12 * count > bytes.length) refuse("is cut short inside its directory")
  const entries = new Map<number, number>()
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i
    const tag = view.getUint16(at, littleEndian)
    if (entries.has(tag)) refuse(`has the tag ${tag} twice`)
    entries.set(tag, at)
  }
  const taken: Array<Span> = [
    [0, 8],
    [directory, directory + 2 + 12 * count]
  ]
  const values = [...entries.values()].flatMap((at): ReadonlyArray<Span> => {
    const length = view.getUint32(at + 4, littleEndian) * (VALUE_BYTES[view.getUint16(at + 2, littleEndian)] ?? 0)
    const from = view.getUint32(at + 8, littleEndian)
    return length > 4 && from + length <= bytes.length ? [[from, from + length]] : []
  })
  const list = (tag: number) => {
    const at = entries.get(tag)
    if (at === undefined) return undefined
    const size = INTEGERS[view.getUint16(at + 2, littleEndian)]
    if (size === undefined) return refuse(`has a tag ${tag} that is not a whole number`)
    const n = view.getUint32(at + 4, littleEndian)
    const from = n * size <= 4 ? at + 8 : view.getUint32(at + 8, littleEndian)
    if (n === 0 || from + n * size > bytes.length) return refuse(`has a tag ${tag} that lies beyond its end`)
    if (n * size > 4) taken.push([from, from + n * size])
    return Array.from({ length: n }, (_, i) => {
      const where = from + i * size
      if (size === 1) return view.getUint8(where)
      return size === 2 ? view.getUint16(where, littleEndian) : view.getUint32(where, littleEndian)
    })
  }
  const one = (tag: number, otherwise: number) => {
    const values = list(tag)
    if (values !== undefined && values.length !== 1) refuse(`has a tag ${tag} with ${values.length} values, expected 1`)
    return values?.[0] ?? otherwise
  }
  return { littleEndian, taken, values, list, one }
}
