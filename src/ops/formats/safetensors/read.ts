/**
 * Reads safetensors: named arrays in one blob. The values follow the header (see `header.ts`): little-endian, row-major,
 * without gaps.
 */
import { bytesOf, type Dtype, type Pixels, valuesAt } from "../dtypes.ts"
import { readHeader, refusing, withDtype } from "./header.ts"

/** A named array: row-major values of `shape`. */
export interface Tensor {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly data: Pixels
}

export interface Safetensors {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyArray<Tensor>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Reads a blob. Values are copied, so that they outlive `bytes` and are aligned.
 *
 * @param subject the file or key of the blob, for messages
 * @throws DataError if the header is damaged, contradicts the blob, or names a dtype that archives do not use
 */
export const decodeSafetensors = (bytes: Uint8Array, subject: string): Safetensors => {
  const refuse = refusing(subject)
  const { entries, metadata, start } = readHeader(bytes, bytes.length, refuse)
  const tensors = entries.map((entry) => {
    const { begin, dtype, end, name, shape } = withDtype(entry, refuse)
    return { name, dtype, shape, data: valuesAt(dtype, bytes, start + begin, (end - begin) / bytesOf(dtype)) }
  })
  return { tensors, metadata }
}

/** The header of a blob, without values. */
export interface Description {
  readonly tensors: ReadonlyArray<Omit<Tensor, "data">>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Reads and checks only the header of a blob; no values are copied.
 *
 * @throws DataError as `decodeSafetensors`
 */
export const describeSafetensors = (bytes: Uint8Array, subject: string): Description => {
  const refuse = refusing(subject)
  const { entries, metadata } = readHeader(bytes, bytes.length, refuse)
  const tensors = entries.map((entry) => {
    const { dtype, name, shape } = withDtype(entry, refuse)
    return { name, dtype, shape }
  })
  return { tensors, metadata }
}

/**
 * Reads only the metadata of a blob; no values are copied.
 *
 * @throws DataError as `decodeSafetensors`
 */
export const decodeMetadata = (bytes: Uint8Array, subject: string): Readonly<Record<string, string>> =>
  describeSafetensors(bytes, subject).metadata
