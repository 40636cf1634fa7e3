/** The elements that MATLAB files of level 5 consist of: a tag, then numbers, other elements, or packed ones. */
import { inflateSync } from "node:zlib"

/** Throws what is wrong with the file. */
export type Refuse = (problem: string, remedy?: string) => never

/** Data types of elements. */
export const COMPRESSED = 15
export const MATRIX = 14
export const INT32 = 5
/** Numeric types by their number: bytes, and how to read one. */
const NUMBERS: Readonly<Record<number, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [2, (view, at) => view.getUint16(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getUint32(at, true)],
  7: [4, (view, at) => view.getFloat32(at, true)],
  9: [8, (view, at) => view.getFloat64(at, true)],
  12: [8, (view, at) => Number(view.getBigInt64(at, true))],
  13: [8, (view, at) => Number(view.getBigUint64(at, true))]
}
/** Whole numbers of 64 bits. */
const WIDE = [12, 13]
/** No table of labels is larger; a compressed file that claims to be is damaged. */
const MAX_BYTES = 1 << 28

export interface Element {
  readonly type: number
  readonly body: Uint8Array
  /** Where the next one begins. */
  readonly next: number
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The element that begins at a byte; refuses one that reaches over the end. */
export const elementAt = (bytes: Uint8Array, at: number, refuse: Refuse): Element => {
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

/** Numbers in the order they are stored in; refuses whole ones that a float64 would round. */
export const numbersOf = ({ body, type }: Element, refuse: Refuse): Float64Array => {
  const known = NUMBERS[type]
  if (known === undefined) return refuse(`holds numbers of type ${type}, which is not read`)
  const [bytes, read] = known
  const view = viewOf(body)
  const values = Float64Array.from({ length: Math.floor(body.length / bytes) }, (_, i) => read(view, i * bytes))
  const unsafe = WIDE.includes(type) ? values.find((value) => !Number.isSafeInteger(value)) : undefined
  return unsafe === undefined ? values : refuse(`holds ${unsafe}, a whole number that would be rounded`)
}

/** What a packed element holds. */
export const inflated = (body: Uint8Array, refuse: Refuse): Uint8Array => {
  try {
    return inflateSync(body, { maxOutputLength: MAX_BYTES })
  } catch (cause) {
    return refuse(`cannot be unpacked (${cause instanceof Error ? cause.message : cause})`)
  }
}
