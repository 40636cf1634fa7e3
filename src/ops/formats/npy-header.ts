/** Reads `.npy` files whole: one array of numbers, of either byte order and either order of axes. */
import type { Dtype, Pixels } from "../elements.ts"
import { DataError } from "./data-error.ts"
import { bytesOf, swapBytes, valuesAt } from "./dtypes.ts"
import { NPY_PREFIX, type NpyHeader, npySpan, parseNpy } from "./npy.ts"

/** An array, row-major whatever the order in its file. */
export interface NpyArray {
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly data: Pixels
}

const CODES: Readonly<Record<string, Dtype>> = {
  u1: "uint8",
  u2: "uint16",
  i2: "int16",
  i4: "int32",
  u4: "uint32",
  f4: "float32",
  f8: "float64"
}

/** The pixel type that NumPy's letters tell; `undefined` for one that archives do not use. */
export const npyType = ({ descr }: NpyHeader): { readonly dtype: Dtype; readonly bigEndian: boolean } | undefined => {
  const [, order, code] = /^([<>|=])?([a-z]\d+)$/.exec(descr) ?? []
  return code in CODES ? { dtype: CODES[code], bigEndian: order === ">" } : undefined
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
  const refuse = (problem: string): never => {
    throw new DataError({ subject: file, problem, remedy: "Save one array of numbers with `numpy.save`" })
  }
  const span = npySpan(bytes.subarray(0, NPY_PREFIX), refuse)
  const header = parseNpy(bytes.subarray(span.from, span.begin), span, refuse)
  const { fortran, shape } = header
  const type = npyType(header)
  if (type === undefined) return refuse(`holds values of type ${header.descr}, which are not read`)
  const { bigEndian, dtype } = type
  const count = shape.reduce((n, size) => n * size, 1)
  const needed = count * bytesOf(dtype)
  if (needed !== bytes.length - span.begin) {
    return refuse(`should hold ${needed} bytes of values, but holds ${bytes.length - span.begin}`)
  }
  const data = valuesAt(dtype, bytes, span.begin, count)
  if (bigEndian) swapBytes(data)
  return { dtype, shape, data: fortran && shape.length > 1 ? rowMajor(data, shape) : data }
}
