/**
 * Reads `.npy` files: one array (NumPy's format description, versions 1 to 3): the magic text, two bytes of version, the
 * header's length in two bytes (version 1) or four, a Python dictionary as text, the values.
 */
import type { Dtype, Pixels } from "../elements.ts"
import { bytesOf, swapBytes, valuesAt } from "./dtypes.ts"
import { DataError } from "./faults.ts"

/** An array, row-major whatever the order in its file. */
export interface NpyArray {
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly data: Pixels
}

const MAGIC = Buffer.from("\x93NUMPY", "latin1")
const CODES: Readonly<Record<string, Dtype>> = {
  u1: "uint8",
  u2: "uint16",
  i2: "int16",
  i4: "int32",
  u4: "uint32",
  f4: "float32",
  f8: "float64"
}

type Refuse = (problem: string) => never

const refusing =
  (file: string): Refuse =>
  (problem) => {
    throw new DataError({ subject: file, problem, remedy: "Save one array of numbers with `numpy.save`" })
  }

/** The header's text, and where the values begin. */
const headerOf = (bytes: Uint8Array, refuse: Refuse) => {
  if (bytes.length < 12 || Buffer.compare(bytes.subarray(0, 6), MAGIC) !== 0) refuse("is not a .npy file")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = bytes[6]
  if (version < 1 || version > 3) refuse(`is a .npy file of version ${version}, which is not known`)
  const from = version === 1 ? 10 : 12
  const begin = from + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  if (begin > bytes.length) refuse("is cut short within its header")
  return { text: Buffer.from(bytes.subarray(from, begin)).toString("latin1"), begin }
}

/** Python's dictionary of three entries, in any order; anything else is not ours to guess at. */
const HEADER = /^\{('(descr|fortran_order|shape)': *('[^']*'|True|False|\([\d, ]*\)),? *){3}\}\s*$/

const entry = (text: string, key: string): string | undefined =>
  new RegExp(`'${key}': *('[^']*'|True|False|\\([\\d, ]*\\))`).exec(text)?.[1]

const describe = (text: string, refuse: Refuse) => {
  const descr = entry(text, "descr")
  const order = entry(text, "fortran_order")
  const sizes = entry(text, "shape")
  if (!HEADER.test(text) || descr === undefined || order === undefined || sizes === undefined) {
    return refuse("does not hold a plain array of numbers")
  }
  const code = /^'([<>|=])?([a-z]\d+)'$/.exec(descr)
  const dtype = code === null ? undefined : CODES[code[2]]
  if (dtype === undefined) return refuse(`holds values of type ${descr}, which are not read`)
  const shape = [...sizes.matchAll(/\d+/g)].map(([size]) => Number(size))
  return { dtype, bigEndian: code?.[1] === ">", byColumns: order === "True", shape }
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
 * Reads an array.
 *
 * @param file for messages
 * @throws DataError where the file is damaged, cut short, or holds values of another type
 */
export const decodeNpy = (bytes: Uint8Array, file: string): NpyArray => {
  const refuse = refusing(file)
  const { begin, text } = headerOf(bytes, refuse)
  const { bigEndian, byColumns, dtype, shape } = describe(text, refuse)
  const count = shape.reduce((n, size) => n * size, 1)
  const needed = count * bytesOf(dtype)
  if (needed !== bytes.length - begin) {
    return refuse(`should hold ${needed} bytes of values, but holds ${bytes.length - begin}`)
  }
  const data = valuesAt(dtype, bytes, begin, count)
  if (bigEndian) swapBytes(data)
  return { dtype, shape, data: byColumns && shape.length > 1 ? rowMajor(data, shape) : data }
}
