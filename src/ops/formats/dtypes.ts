/**
 * Types of pixels and their raw bytes in little-endian order. Typed arrays have the byte order of the machine, which is the
 * same on all platforms of Node but one (s390x).
 */

/** Types of pixels that archives use, under the names of NumPy. */
export type Dtype = "uint8" | "uint16" | "int16" | "int32" | "uint32" | "float32" | "float64"

/** Values of such a type. */
export type Pixels = Uint8Array | Uint16Array | Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array

const ARRAYS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array
} as const

/** The bytes of one value. */
export const bytesOf = (dtype: Dtype): number => ARRAYS[dtype].BYTES_PER_ELEMENT

/** The dtype of a typed array; `undefined` for a type that archives do not use. */
export const dtypeOf = (data: ArrayBufferView): Dtype | undefined =>
  (Object.keys(ARRAYS) as Array<Dtype>).find((dtype) => data instanceof ARRAYS[dtype])

/** Returns the bytes of a typed array without copying them. */
export const rawBytes = (data: Pixels): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** Returns the values in `bytes` without copying them; the bytes must be aligned. */
export const pixelsOf = (dtype: Dtype, bytes: Uint8Array<ArrayBuffer>): Pixels =>
  new ARRAYS[dtype](bytes.buffer, bytes.byteOffset, bytes.byteLength / bytesOf(dtype))

/** Copies `count` values from byte `offset` of `bytes`; `offset` need not be aligned. */
export const valuesAt = (dtype: Dtype, bytes: Uint8Array, offset: number, count: number): Pixels => {
  const copy = new Uint8Array(count * bytesOf(dtype))
  copy.set(bytes.subarray(offset, offset + copy.length))
  return new ARRAYS[dtype](copy.buffer)
}

/** Reverses the bytes of every value in place, which converts values from the other byte order. */
export const swapBytes = (data: Pixels): void => {
  const [bytes, width] = [rawBytes(data), data.BYTES_PER_ELEMENT]
  if (width === 1) return
  for (let at = 0; at < bytes.length; at += width) {
    for (let low = at, high = at + width - 1; low < high; low++, high--) {
      const byte = bytes[low]
      bytes[low] = bytes[high]
      bytes[high] = byte
    }
  }
}
