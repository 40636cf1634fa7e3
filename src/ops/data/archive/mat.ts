/**
 * Reads one numeric matrix from a MATLAB file of level 5 ("MAT-File Format", MathWorks, section 1), compressed or not: what
 * tables of labels are kept in. The one reader on the registry is under a licence that would bind this project to it.
 */
import { inflateSync } from "node:zlib"
import { DataError } from "../faults.ts"

export interface Matrix {
  readonly rows: number
  readonly columns: number
  /** Row-major. */
  readonly values: Float64Array
}

type Refuse = (problem: string) => never

/** Data types of elements. */
const COMPRESSED = 15
const MATRIX = 14
const INT32 = 5
/** Numeric types by their number: bytes, and how to read one. */
const NUMBERS: Readonly<Record<number, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [2, (view, at) => view.getUint16(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getUint32(at, true)],
  7: [4, (view, at) => view.getFloat32(at, true)],
  9: [8, (view, at) => view.getFloat64(at, true)]
}
/** Array classes of real numbers: double, single, and whole numbers of 8 to 32 bits. */
const NUMERIC = [6, 7, 8, 9, 10, 11, 12, 13]
const HEADER = 128
/** No table of labels is larger; a compressed file that claims to be is damaged. */
const MAX_BYTES = 1 << 28

interface Element {
  readonly type: number
  readonly body: Uint8Array
  /** Where the next one begins. */
  readonly next: number
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const elementAt = (bytes: Uint8Array, at: number, refuse: Refuse): Element => {
  if (at + 8 > bytes.length) return refuse("is cut short")
  const view = viewOf(bytes)
  const tag = view.getUint32(at, true)
  // Up to four bytes stand within the tag itself.
  const small = tag >>> 16
  const type = small === 0 ? tag : tag & 0xffff
  const size = small === 0 ? view.getUint32(at + 4, true) : small
  const begin = small === 0 ? at + 8 : at + 4
  if (small > 4 || begin + size > bytes.length) return refuse("is cut short, or damaged")
  const padded = type === COMPRESSED ? begin + size : begin + Math.ceil(size / 8) * 8
  return { type, body: bytes.subarray(begin, begin + size), next: small === 0 ? padded : at + 8 }
}

const numbersOf = ({ body, type }: Element, refuse: Refuse): Float64Array => {
  const known = NUMBERS[type]
  if (known === undefined) return refuse(`holds numbers of type ${type}, which is not read`)
  const [bytes, read] = known
  const view = viewOf(body)
  return Float64Array.from({ length: Math.floor(body.length / bytes) }, (_, i) => read(view, i * bytes))
}

/** The name and contents of a matrix; `undefined` where it is none of plain numbers. */
const matrixOf = (body: Uint8Array, refuse: Refuse): { readonly name: string; readonly matrix: Matrix } | undefined => {
  const flags = elementAt(body, 0, refuse)
  const shape = elementAt(body, flags.next, refuse)
  const name = elementAt(body, shape.next, refuse)
  const kind = flags.body[0]
  const complex = ((flags.body[1] ?? 0) & 0x08) !== 0
  if (!NUMERIC.includes(kind) || complex || shape.type !== INT32 || shape.body.length !== 8) return undefined
  const [rows, columns] = numbersOf(shape, refuse)
  const stored = numbersOf(elementAt(body, name.next, refuse), refuse)
  if (rows < 0 || columns < 0 || stored.length !== rows * columns) {
    return refuse(`holds ${stored.length} numbers in a matrix of ${rows} x ${columns}`)
  }
  // Stored column by column.
  const values = Float64Array.from(stored, (_, i) => stored[(i % columns) * rows + Math.floor(i / columns)])
  return { name: Buffer.from(name.body).toString("latin1"), matrix: { rows, columns, values } }
}

const inflated = (body: Uint8Array, refuse: Refuse): Uint8Array => {
  try {
    return inflateSync(body, { maxOutputLength: MAX_BYTES })
  } catch (cause) {
    return refuse(`cannot be unpacked (${cause instanceof Error ? cause.message : cause})`)
  }
}

/**
 * Reads the matrix of a given name.
 *
 * @param file for messages
 * @throws DataError where the file is damaged, of another level, or holds no such matrix of real numbers
 */
export const readMatrix = (bytes: Uint8Array, file: string, wanted: string): Matrix => {
  const refuse: Refuse = (problem) => {
    throw new DataError({
      subject: file,
      problem,
      remedy: `Save it again with \`save -v7\`, or give the labels as a table (csv)`
    })
  }
  if (bytes.length < HEADER || bytes[126] !== 0x49 || bytes[127] !== 0x4d) {
    return refuse("is no MATLAB file of level 5, little-endian")
  }
  const found: Array<string> = []
  for (let at = HEADER; at < bytes.length; ) {
    const outer = elementAt(bytes, at, refuse)
    const inner = outer.type === COMPRESSED ? elementAt(inflated(outer.body, refuse), 0, refuse) : outer
    const read = inner.type === MATRIX ? matrixOf(inner.body, refuse) : undefined
    if (read?.name === wanted) return read.matrix
    if (read !== undefined) found.push(read.name)
    at = outer.next
  }
  return refuse(`holds no matrix \`${wanted}\`${found.length > 0 ? `, but ${found.join(", ")}` : ""}`)
}
