/** Reads values of all types of weight files. */
import { halfValue } from "../../formats/half.ts"
import { FileFault, shortName, viewOf } from "./source.ts"

/** Types of values, under PyTorch's names. */
export type StoredType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool"

/** Bytes per value. */
export const WIDTHS: Readonly<Record<StoredType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1
}

const word = new DataView(new ArrayBuffer(4))
/** Value of a bfloat16 number, the upper half of a float32. */
const brain = (bits: number): number => {
  word.setUint16(2, bits, true)
  word.setUint16(0, 0, true)
  return word.getFloat32(0, true)
}

const READERS: Readonly<Record<StoredType, (view: DataView, at: number) => number | bigint>> = {
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
  float16: (view, at) => halfValue(view.getUint16(at, true)),
  bfloat16: (view, at) => brain(view.getUint16(at, true)),
  int64: (view, at) => view.getBigInt64(at, true),
  int32: (view, at) => view.getInt32(at, true),
  int16: (view, at) => view.getInt16(at, true),
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  bool: (view, at) => view.getUint8(at)
}

/** An array of a weight file. Its values are read on demand. */
export interface StoredTensor {
  readonly name: string
  readonly type: StoredType
  readonly shape: ReadonlyArray<number>
  /** Row-major values; int64 as bigint. @throws FileFault */
  readonly values: () => ReadonlyArray<number | bigint>
  /** The values as float32. @throws FileFault for types other than floating-point numbers, and for NaN or infinity */
  readonly floats: () => Float32Array
}

/** The values of a storage that an array consists of: `offset` plus the sum of stride times position. */
export interface Strided {
  readonly shape: ReadonlyArray<number>
  readonly stride: ReadonlyArray<number>
  readonly offset: number
}

export const countOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, n) => product * n, 1)

/** Calls `visit` with the index in the storage of each value, in row-major order. */
export const eachIndex = ({ shape, stride, offset }: Strided, visit: (index: number) => void): void => {
  const position = shape.map(() => 0)
  let index = offset
  for (let left = countOf(shape); left > 0; left--) {
    visit(index)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index += stride[axis]
      position[axis]++
      if (position[axis] < shape[axis]) break
      index -= stride[axis] * shape[axis]
      position[axis] = 0
    }
  }
}

/** Whether the values are consecutive in the storage, in row-major order. */
const isContiguous = ({ shape, stride }: Strided): boolean => {
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== step) return false
    step *= shape[axis]
  }
  return true
}

/** Largest number of axes of an array. */
export const MOST_AXES = 64

/** Strides of row-major values. */
export const contiguous = (shape: ReadonlyArray<number>): Strided => {
  const stride = shape.map(() => 1)
  for (let axis = shape.length - 2; axis >= 0; axis--) stride[axis] = stride[axis + 1] * shape[axis + 1]
  return { shape, stride, offset: 0 }
}

/** Number of values of a storage from the first to the last one of an array, inclusive. */
const spanOf = ({ shape, stride }: Strided): number =>
  countOf(shape) === 0 ? 0 : shape.reduce((span, n, axis) => span + (n - 1) * stride[axis], 1)

const FLOATING: ReadonlySet<string> = new Set(["float32", "float64", "float16", "bfloat16"])

/**
 * An array over the bytes of its storage.
 *
 * @param read returns a copy of bytes of the storage, at the beginning of its own buffer
 * @param negated whether the array is the negative of the stored values
 */
export const storedTensor = (
  name: string,
  type: StoredType,
  strided: Strided,
  read: (from: number, length: number) => Uint8Array<ArrayBuffer>,
  negated = false
): StoredTensor => {
  const [width, inside] = [WIDTHS[type], { ...strided, offset: 0 }]
  const bytes = () => read(strided.offset * width, spanOf(strided) * width)
  const each = (visit: (value: number | bigint) => void) => {
    const [view, value] = [viewOf(bytes()), READERS[type]]
    const signed = negated ? (at: number) => -value(view, at) : (at: number) => value(view, at)
    eachIndex(inside, (index) => visit(signed(index * width)))
  }
  const asFloats = (): Float32Array => {
    const count = countOf(strided.shape)
    // The bytes are a copy in their own buffer, hence aligned.
    if (type === "float32" && !negated && isContiguous(inside)) return new Float32Array(bytes().buffer, 0, count)
    const made = new Float32Array(count)
    let at = 0
    each((value) => {
      made[at++] = value as number
    })
    return made
  }
  return {
    name,
    type,
    shape: strided.shape,
    values: () => {
      const found: Array<number | bigint> = []
      each((value) => found.push(value))
      return found
    },
    floats: () => {
      if (!FLOATING.has(type))
        throw new FileFault(`array ${shortName(name)} holds ${type} values, not floating-point weights`)
      const made = asFloats()
      if (!made.every(Number.isFinite)) throw new FileFault(`array ${shortName(name)} holds NaN or infinite values`)
      return made
    }
  }
}
