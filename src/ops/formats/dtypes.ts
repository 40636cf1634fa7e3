/** Pixel types and raw little-endian bytes. Typed arrays have the byte order of the machine: little on all that Node serves. */

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

/** Bytes of one value. */
export const bytesOf = (dtype: Dtype): number => ARRAYS[dtype].BYTES_PER_ELEMENT

/** The dtype of a typed array; `undefined` for one that archives do not use. */
export const dtypeOf = (data: ArrayBufferView): Dtype | undefined =>
  (Object.keys(ARRAYS) as Array<Dtype>).find((dtype) => data instanceof ARRAYS[dtype])

/** The bytes of a typed array, not copied. */
export const rawBytes = (data: Pixels): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** The values that `bytes` are, which must be aligned; not copied. */
export const pixelsOf = (dtype: Dtype, bytes: Uint8Array<ArrayBuffer>): Pixels =>
  new ARRAYS[dtype](bytes.buffer, bytes.byteOffset, bytes.byteLength / bytesOf(dtype))

/** `count` values that stand at byte `offset` of `bytes`, copied, so that `offset` need not be aligned. */
export const valuesAt = (dtype: Dtype, bytes: Uint8Array, offset: number, count: number): Pixels => {
  const copy = new Uint8Array(count * bytesOf(dtype))
  copy.set(bytes.subarray(offset, offset + copy.length))
  return new ARRAYS[dtype](copy.buffer)
}

/** Turns the bytes of every value around, in place: from the other byte order. */
export const swapBytes = (data: Pixels): void => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (data.BYTES_PER_ELEMENT === 2) bytes.swap16()
  else if (data.BYTES_PER_ELEMENT === 4) bytes.swap32()
  else if (data.BYTES_PER_ELEMENT === 8) bytes.swap64()
}
