/**
 * Reads and writes `.npy` files (NumPy Enhancement Proposal 1; versions 1 to 3 of the format): the magic text, two bytes of
 * version, the length of the dictionary in two bytes (version 1) or four, a Python dictionary as text, then the values of
 * one array. Readers that hold a whole file call `decodeNpy`; readers of parts call `npyHead` with the first bytes, then
 * `parseNpy`.
 */
import { DataError } from "./data-error.ts"
import { bytesOf, type Dtype, dtypeOf, type Pixels, rawBytes, swapBytes, valuesAt } from "./dtypes.ts"
import { latin1 } from "./latin1.ts"

/** The header of an array. */
export interface NpyHeader {
  /** The type of a value in NumPy's letters: "<f4", ">i2", "|u1". */
  readonly descr: string
  /** The dtype of these letters; `undefined` for one that archives do not use. */
  readonly dtype: Dtype | undefined
  readonly bigEndian: boolean
  /** Whether the first axis is the fastest. */
  readonly fortran: boolean
  readonly shape: ReadonlyArray<number>
  /** Byte of the file at which the values begin. */
  readonly begin: number
}

/** An array, row-major whatever the order in its file. */
export interface NpyArray {
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly data: Pixels
}

/** Throws the error that a reader's users expect, about a file that the reader knows. */
type Refuse = (problem: string, remedy?: string) => never

const MAGIC = "\x93NUMPY"
/** Bytes at a file's start that give the length of its header. */
export const NPY_PREFIX = 12
/** Headers of arrays are about a hundred bytes; a length of gigabytes is damage. */
const MAX_HEADER = 1 << 20

const CODES: Readonly<Record<string, Dtype>> = {
  u1: "uint8",
  u2: "uint16",
  i2: "int16",
  i4: "int32",
  u4: "uint32",
  f4: "float32",
  f8: "float64"
}

/** Where the dictionary begins and ends; values begin at its end. */
const spanOf = (prefix: Uint8Array, refuse: Refuse): readonly [from: number, begin: number] => {
  if (prefix.length < NPY_PREFIX || latin1(prefix.subarray(0, 6)) !== MAGIC) refuse("is not a .npy file")
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength)
  const version = prefix[6]
  if (version < 1 || version > 3) refuse(`is a .npy file of version ${version}, which is not known`)
  const from = version === 1 ? 10 : 12
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > MAX_HEADER) refuse("is cut short within its header")
  return [from, from + length]
}

/**
 * How many bytes of a file its header takes.
 *
 * @param prefix the file's first bytes: `NPY_PREFIX`, or all if there are fewer
 * @throws what `refuse` throws if they are not those of a `.npy` file
 */
export const npyHead = (prefix: Uint8Array, refuse: Refuse): number => spanOf(prefix, refuse)[1]

/** A Python dictionary of three entries, in any order. Anything else is refused, not guessed at. */
const DICTIONARY = /^\{('(descr|fortran_order|shape)': *('[^']*'|True|False|\([\d, ]*\)),? *){3}\}\s*$/

const entry = (text: string, key: string): string | undefined =>
  new RegExp(`'${key}': *('[^']*'|True|False|\\([\\d, ]*\\))`).exec(text)?.[1]

/**
 * Parses a header.
 *
 * @param head the first bytes of the file, at least as many as `npyHead` returns
 * @throws what `refuse` throws if the header is cut short, damaged, or not that of a plain array
 */
export const parseNpy = (head: Uint8Array, refuse: Refuse): NpyHeader => {
  const [from, begin] = spanOf(head.subarray(0, NPY_PREFIX), refuse)
  if (head.length < begin) refuse("is cut short within its header")
  const text = latin1(head.subarray(from, begin))
  const descr = /^'(.*)'$/.exec(entry(text, "descr") ?? "")?.[1]
  const order = entry(text, "fortran_order")
  const sizes = /^\((.*)\)$/.exec(entry(text, "shape") ?? "")?.[1]
  if (!DICTIONARY.test(text) || descr === undefined || order === undefined || sizes === undefined) {
    return refuse("does not hold a plain array of numbers")
  }
  const shape = [...sizes.matchAll(/\d+/g)].map(([size]) => Number(size))
  const [, byteOrder, code] = /^([<>|=])?([a-z]\d+)$/.exec(descr) ?? []
  const dtype = Object.hasOwn(CODES, code ?? "") ? CODES[code] : undefined
  return { descr, dtype, bigEndian: byteOrder === ">", fortran: order === "True", shape, begin }
}

/**
 * Checks that a file has the number of bytes that its header claims.
 *
 * @param width bytes of one value
 * @param size bytes of the whole file
 * @throws what `refuse` throws if it has not
 */
export const checkNpySize = ({ begin, shape }: NpyHeader, width: number, size: number, refuse: Refuse): void => {
  const end = begin + width * shape.reduce((count, length) => count * length, 1)
  if (!shape.every(Number.isSafeInteger)) refuse(`has the shape (${shape.join(", ")}), which no array can have`)
  if (size < end) refuse(`is cut short: ${size} bytes of ${end}`, "Copy or save it again")
  if (size > end) refuse(`is ${size - end} bytes longer than its header says`, "Save one array to it")
}

/** From Fortran's order, first index fastest, to row-major. */
const rowMajor = (data: Pixels, shape: ReadonlyArray<number>): Pixels => {
  const strides: Array<number> = []
  shape.reduce((stride, size) => {
    strides.push(stride)
    return stride * size
  }, 1)
  const out = data.slice()
  const index = new Array<number>(shape.length).fill(0)
  for (let i = 0, from = 0; i < out.length; i++) {
    out[i] = data[from]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]
      if (++index[axis] < shape[axis]) break
      from -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}

/**
 * Reads the array of a whole file, of either byte order and either order of axes.
 *
 * @param file the name for messages
 * @throws DataError if the file is damaged, cut short, or holds values of another type
 */
export const decodeNpy = (bytes: Uint8Array, file: string): NpyArray => {
  const refuse: Refuse = (problem, remedy = "Save one array of numbers with `numpy.save`") => {
    throw new DataError({ subject: file, problem, remedy })
  }
  const header = parseNpy(bytes, refuse)
  const { begin, bigEndian, descr, dtype, fortran, shape } = header
  if (dtype === undefined) return refuse(`holds values of type ${descr}, which are not read`)
  checkNpySize(header, bytesOf(dtype), bytes.length, refuse)
  const data = valuesAt(dtype, bytes, begin, (bytes.length - begin) / bytesOf(dtype))
  if (bigEndian) swapBytes(data)
  return { dtype, shape, data: fortran && shape.length > 1 ? rowMajor(data, shape) : data }
}

/**
 * Writes a header of version 1 for a row-major array.
 *
 * @param length bytes that it takes, so that it can be written again for more rows; by default as few as NumPy wants: a
 *   multiple of 64
 */
export const npyHeader = (descr: string, shape: ReadonlyArray<number>, length?: number): Uint8Array => {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ")
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
  const header = new Uint8Array(length ?? Math.ceil((10 + text.length + 1) / 64) * 64).fill(0x20)
  const put = (part: string, at: number) =>
    header.set(
      Array.from(part, (one) => one.charCodeAt(0)),
      at
    )
  put(`${MAGIC}\x01\0`, 0)
  new DataView(header.buffer).setUint16(8, header.length - 10, true)
  put(text, 10)
  header[header.length - 1] = 0x0a
  return header
}

/** NumPy's letters of each dtype, little-endian. */
const DESCRS = Object.fromEntries(
  Object.entries(CODES).map(([code, dtype]) => [dtype, code.endsWith("1") ? `|${code}` : `<${code}`])
)

/**
 * Writes an array as a whole file.
 *
 * @param data row-major values of `shape`
 * @throws RangeError if the shape has another number of values, or NumPy files of ours do not hold the type
 * @example
 * const bytes = encodeNpy(Float32Array.of(1, 2, 3, 4), [2, 2])
 * decodeNpy(bytes, "a.npy").shape // => [2, 2]
 */
export const encodeNpy = (data: Pixels, shape: ReadonlyArray<number>): Uint8Array => {
  const dtype = dtypeOf(data)
  const count = shape.reduce((product, length) => product * length, 1)
  if (dtype === undefined || count !== data.length) {
    throw new RangeError(`${data.length} values of ${dtype ?? "an unknown type"} have no shape [${shape.join(", ")}]`)
  }
  const header = npyHeader(DESCRS[dtype], shape)
  const bytes = new Uint8Array(header.length + data.byteLength)
  bytes.set(header)
  bytes.set(rawBytes(data), header.length)
  return bytes
}
