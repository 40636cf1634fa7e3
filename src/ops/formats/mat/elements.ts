/** Elements of MATLAB files of level 5: a tag, then numbers, further elements, or packed elements. */
import { constants, inflateSync, type ZlibOptions } from "node:zlib"
import { messageOf } from "../../../pipeline/words.ts"

/** Throws an error about the file. */
export type Refuse = (problem: string, remedy?: string) => never

/** Data types of elements. */
export const COMPRESSED = 15
export const MATRIX = 14
export const INT32 = 5
/** Numeric types by their number: the bytes of a value, and how to read one. */
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
export interface Element {
  readonly type: number
  readonly body: Uint8Array
  /** The byte at which the next element begins. */
  readonly next: number
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Bytes of a tag that is not small. */
export const TAG_BYTES = 8

/** The type of the element that begins some bytes; the bytes may lack its end. */
export const typeAt = (bytes: Uint8Array, refuse: Refuse): number =>
  bytes.length < TAG_BYTES ? refuse("is cut short") : viewOf(bytes).getUint32(0, true)

/** Reads the element that begins at a byte; refuses an element that reaches beyond the end. */
export const elementAt = (bytes: Uint8Array, at: number, refuse: Refuse): Element => {
  if (at + 8 > bytes.length) return refuse("is cut short")
  const view = viewOf(bytes)
  const tag = view.getUint32(at, true)
  // An element of up to four bytes has them within its tag.
  const small = tag >>> 16
  const type = small === 0 ? tag : tag & 0xffff
  const size = small === 0 ? view.getUint32(at + 4, true) : small
  const begin = small === 0 ? at + 8 : at + 4
  if (small > 4 || begin + size > bytes.length) return refuse("is cut short, or damaged")
  const padded = type === COMPRESSED ? begin + size : begin + Math.ceil(size / 8) * 8
  return { type, body: bytes.subarray(begin, begin + size), next: small === 0 ? padded : at + 8 }
}

/** Reads the numbers of an element one by one. */
export interface Numbers {
  readonly count: number
  /** The number at an index; refuses a whole one that a float64 would round. */
  readonly at: (index: number) => number
}

/** Reads the numbers of an element, in the order in which they are stored; refuses a type that is not numeric. */
export const numbersOf = ({ body, type }: Element, refuse: Refuse): Numbers => {
  const known = NUMBERS[type]
  if (known === undefined) return refuse(`holds numbers of type ${type}, which is not read`)
  const [bytes, read] = known
  const view = viewOf(body)
  const checked = (value: number) =>
    Number.isSafeInteger(value) ? value : refuse(`holds ${value}, a whole number that would be rounded`)
  const at = (index: number) => read(view, index * bytes)
  return { count: Math.floor(body.length / bytes), at: WIDE.includes(type) ? (index) => checked(at(index)) : at }
}

const unpackedOf = (body: Uint8Array, options: ZlibOptions, refuse: Refuse): Uint8Array => {
  try {
    return inflateSync(body, options)
  } catch (cause) {
    return refuse(`cannot be unpacked (${messageOf(cause)})`)
  }
}

/** Unpacks a packed element; refuses one that unfolds to more than `most` bytes. */
export const inflated = (body: Uint8Array, most: number, refuse: Refuse): Uint8Array =>
  unpackedOf(body, { maxOutputLength: most }, refuse)

/** Packed bytes that hold the beginning of a variable: its flags, shape and name. */
const BEGINNING = 1024
/** Deflate packs at most 1032 bytes into one. */
const MAX_RATIO = 1100

/** Unpacks the beginning of a packed element only, whatever the rest unfolds to. */
export const inflatedBeginning = (body: Uint8Array, refuse: Refuse): Uint8Array =>
  unpackedOf(
    body.subarray(0, BEGINNING),
    { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: BEGINNING * MAX_RATIO },
    refuse
  )
