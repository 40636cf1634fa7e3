/** Rows of numbers as they are stored, of any type, read as float32 some rows at a time. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { fromHalf } from "../../../formats/half.ts"
import { RetrieveError } from "../../retrieve-error.ts"

/** Types of stored numbers. */
export type StoredType =
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64"
  | "int8"
  | "uint8"
  | "bool"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"

/** Types of embeddings; the others are read as labels. */
export const VECTOR_TYPES: ReadonlyArray<StoredType> = ["float16", "bfloat16", "float32", "float64", "int8"]

const WIDTHS: Readonly<Record<StoredType, number>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  uint8: 1,
  bool: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8
}

/** Bytes of one number. */
export const widthOf = (type: StoredType): number => WIDTHS[type]

/** Bytes that are read in parts. */
export interface Bytes {
  readonly path: string
  readonly size: number
  /** Reads `length` bytes from `at`. @throws RetrieveError if the file ends before */
  readonly read: (at: number, length: number) => Uint8Array<ArrayBuffer>
  readonly close: () => void
}

/** A matrix: row-major, little-endian. */
export interface StoredRows {
  readonly bytes: Bytes
  readonly type: StoredType
  readonly rows: number
  readonly columns: number
  /** Offset of the first value. */
  readonly begin: number
}

const GIVE = "Give the path of a file of embeddings"

/**
 * Opens a file for reading in parts.
 *
 * @throws RetrieveError if there is no such file, or it is not a file
 */
export const openBytes = (path: string): Bytes => {
  const refuse = (problem: string, remedy: string, cause?: unknown) =>
    new RetrieveError({ subject: path, problem, remedy, cause })
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT"
    throw refuse(missing ? "there is no such file" : `cannot be opened (${(cause as Error).message})`, GIVE, cause)
  }
  const found = fstatSync(fd)
  if (!found.isFile()) {
    closeSync(fd)
    throw refuse("is not a file", GIVE)
  }
  return {
    path,
    size: found.size,
    read: (at, length) => {
      const into = new Uint8Array(length)
      for (let done = 0; done < length; ) {
        const read = readSync(fd, into, done, length - done, at + done)
        if (read === 0) {
          throw refuse("became shorter while it was read", "Make sure that no program writes to it, and run again")
        }
        done += read
      }
      return into
    },
    close: () => closeSync(fd)
  }
}

/** Bytes in memory, such as an unpacked member of an archive. */
export const bytesInMemory = (path: string, content: Uint8Array): Bytes => ({
  path,
  size: content.length,
  read: (at, length) => Uint8Array.from(content.subarray(at, at + length)),
  close: () => {}
})

/** bfloat16 is the upper half of float32. */
const fromBrain = (bits: Uint16Array): Float32Array => {
  const words = Uint32Array.from(bits, (one) => one << 16)
  return new Float32Array(words.buffer)
}

/**
 * Reads the rows [from, to) as float32; float64 and whole numbers of more than 24 bits are rounded.
 *
 * @returns float32 [to - from, columns]
 * @throws RetrieveError if the file has become shorter since it was opened
 */
export const readRows = ({ begin, bytes, columns, type }: StoredRows, from: number, to: number): Float32Array => {
  const width = WIDTHS[type]
  // Typed arrays have the byte order of the machine. All platforms of Node except s390x are little-endian.
  const { buffer } = bytes.read(begin + from * columns * width, (to - from) * columns * width)
  switch (type) {
    case "float32":
      return new Float32Array(buffer)
    case "float64":
      return Float32Array.from(new Float64Array(buffer))
    case "float16":
      return fromHalf(new Uint16Array(buffer))
    case "bfloat16":
      return fromBrain(new Uint16Array(buffer))
    case "int8":
      return Float32Array.from(new Int8Array(buffer))
    case "int16":
      return Float32Array.from(new Int16Array(buffer))
    case "uint16":
      return Float32Array.from(new Uint16Array(buffer))
    case "int32":
      return Float32Array.from(new Int32Array(buffer))
    case "uint32":
      return Float32Array.from(new Uint32Array(buffer))
    case "int64":
      return Float32Array.from(new BigInt64Array(buffer), Number)
    default:
      return Float32Array.from(new Uint8Array(buffer))
  }
}
