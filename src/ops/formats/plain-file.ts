/**
 * Files of plain data: values made of typed arrays, numbers, texts, booleans, lists and mappings, one after another. Every
 * value is written as the length of its header (uint32), its header (JSON, in which numbers name the arrays), and the bytes
 * of its arrays, all little-endian. Reading gives equal values, to the bit.
 */
import { createHash } from "node:crypto"
import { closeSync, openSync, readSync } from "node:fs"
import { DataError } from "./data-error.ts"
import { GrowingFile } from "./files.ts"

type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array

const KINDS = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array
} as const
type Kind = keyof typeof KINDS

const kindOf = (array: ArrayBufferView): Kind | undefined =>
  (Object.keys(KINDS) as ReadonlyArray<Kind>).find((kind) => array instanceof KINDS[kind])

/** The keys of a mapping that stands for a value which JSON cannot hold. */
const ARRAY = "$array"
const NUMBER = "$number"

const unlikeJson = (value: number): boolean => !Number.isFinite(value) || Object.is(value, -0)

const plain = (value: unknown, arrays: Array<ArrayBufferView>): unknown => {
  if (typeof value === "number")
    return unlikeJson(value) ? { [NUMBER]: Object.is(value, -0) ? "-0" : String(value) } : value
  if (ArrayBuffer.isView(value)) return { [ARRAY]: arrays.push(value) - 1 }
  if (Array.isArray(value)) return value.map((one) => plain(one, arrays))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, plain(inner, arrays)])
  )
}

const bytesOf = (array: ArrayBufferView): Uint8Array => {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  return array.buffer instanceof ArrayBuffer ? bytes : bytes.slice()
}

/**
 * The pieces of a value, in their order.
 *
 * @throws TypeError for an array of a kind that files do not hold
 */
const piecesOf = (value: unknown): ReadonlyArray<Uint8Array> => {
  const arrays: Array<ArrayBufferView> = []
  const content = plain(value, arrays)
  const kinds = arrays.map((array) => {
    const kind = kindOf(array)
    if (kind === undefined) throw new TypeError(`${array.constructor.name} cannot be written as plain data`)
    return [kind, array.byteLength / KINDS[kind].BYTES_PER_ELEMENT]
  })
  const header = Buffer.from(JSON.stringify({ value: content, arrays: kinds }), "utf8")
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  return [length, header, ...arrays.map(bytesOf)]
}

/** SHA-256 of values in the order in which they are added. */
export class PlainHash {
  private readonly hash = createHash("sha256")
  add(value: unknown): void {
    for (const piece of piecesOf(value)) this.hash.update(piece)
  }
  digest(): string {
    return this.hash.digest("hex")
  }
}

/** Size and SHA-256 of a file. */
export interface Sealed {
  readonly bytes: number
  readonly sha256: string
}

/** A file of plain data that is written value by value and appears when it is finished. Methods throw what the file system throws. */
export class PlainFile {
  private readonly file: GrowingFile
  private readonly hash = createHash("sha256")
  private bytes = 0

  constructor(path: string) {
    this.file = new GrowingFile(path)
  }

  append(value: unknown): void {
    for (const piece of piecesOf(value)) {
      this.file.append(piece)
      this.hash.update(piece)
      this.bytes += piece.length
    }
  }

  finish(): Sealed {
    this.file.complete()
    this.file.rename()
    return { bytes: this.bytes, sha256: this.hash.digest("hex") }
  }

  /** Removes what is unfinished; does nothing after `finish`. */
  abandon(): void {
    this.file.abandon()
  }
}

const damaged = (path: string, problem: string): DataError =>
  new DataError({ subject: path, problem, remedy: "Run the same command again, which makes this file again" })

const revived = (value: unknown, arrays: ReadonlyArray<Numbers>): unknown => {
  if (Array.isArray(value)) return value.map((one) => revived(one, arrays))
  if (typeof value !== "object" || value === null) return value
  const { [ARRAY]: array, [NUMBER]: number } = value as Readonly<Record<string, unknown>>
  if (typeof array === "number") return arrays[array]
  if (typeof number === "string") return Number(number)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revived(inner, arrays)]))
}

const isHeader = (
  value: unknown
): value is { readonly value: unknown; readonly arrays: ReadonlyArray<[Kind, number]> } =>
  typeof value === "object" &&
  value !== null &&
  Array.isArray((value as { readonly arrays?: unknown }).arrays) &&
  (value as { readonly arrays: ReadonlyArray<unknown> }).arrays.every(
    (one) => Array.isArray(one) && Object.hasOwn(KINDS, String(one[0])) && Number.isSafeInteger(one[1]) && one[1] >= 0
  )

/** Largest header that is read: the names and labels of a million images. */
const MOST_HEADER = 2 ** 29

/**
 * Reads the values of a file of plain data one after another.
 *
 * @throws DataError if the file is damaged
 */
export function* readPlainFile(path: string): Generator<unknown> {
  const fd = openSync(path, "r")
  try {
    const exactly = (into: Uint8Array, atEnd = false): boolean => {
      for (let done = 0; done < into.length; ) {
        const read = readSync(fd, into, done, into.length - done, null)
        if (read === 0 && atEnd && done === 0) return false
        if (read === 0) throw damaged(path, "is shorter than it says")
        done += read
      }
      return true
    }
    for (;;) {
      const length = Buffer.alloc(4)
      if (!exactly(length, true)) return
      if (length.readUInt32LE() > MOST_HEADER) throw damaged(path, "is not a file of plain data")
      const text = Buffer.alloc(length.readUInt32LE())
      exactly(text)
      const header: unknown = ((): unknown => {
        try {
          return JSON.parse(text.toString("utf8"))
        } catch {
          return undefined
        }
      })()
      if (!isHeader(header)) throw damaged(path, "is not a file of plain data")
      const arrays = header.arrays.map(([kind, count]) => {
        const bytes = new Uint8Array(count * KINDS[kind].BYTES_PER_ELEMENT)
        exactly(bytes)
        return new KINDS[kind](bytes.buffer)
      })
      yield revived(header.value, arrays)
    }
  } finally {
    closeSync(fd)
  }
}

/** Size and SHA-256 of a file that is read in pieces; undefined if there is no such file. */
export const sealOf = (path: string): Sealed | undefined => {
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
  try {
    const hash = createHash("sha256")
    const piece = Buffer.alloc(2 ** 20)
    let bytes = 0
    for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece)) {
      hash.update(piece.subarray(0, read))
      bytes += read
    }
    return { bytes, sha256: hash.digest("hex") }
  } finally {
    closeSync(fd)
  }
}
