/**
 * Reads safetensors: named arrays in one blob.
 *
 * Layout (huggingface.co/docs/safetensors): u64 little-endian length of the header, the header as JSON
 * (`{ name: { dtype, shape, data_offsets: [begin, end] }, "__metadata__": { key: text } }`, spaces may follow), then the
 * values, little-endian, row-major, without gaps.
 */
import type { Dtype, Pixels } from "../elements.ts"
import { bytesOf, valuesAt } from "./dtypes.ts"
import { DataError } from "./faults.ts"

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

/** The entry of the header that is no tensor. */
export const METADATA = "__metadata__"
/** The format's own limit. */
export const MAX_HEADER = 100_000_000
/** The format's names of dtypes, and the dtypes by their names. */
export const CODES: Readonly<Record<Dtype, string>> = {
  uint8: "U8",
  uint16: "U16",
  int16: "I16",
  int32: "I32",
  uint32: "U32",
  float32: "F32",
  float64: "F64"
}
/** Other dtypes of the format, which pixels do not have (safetensors 0.8, `Dtype`). */
const UNREAD = /^(BOOL|I8|I64|U64|F16|BF16|F4|F6_E2M3|F6_E3M2|F8_E4M3|F8_E4M3FNUZ|F8_E5M2|F8_E5M2FNUZ|F8_E8M0|C64)$/
const CONVERT = `Convert it to one of ${Object.keys(CODES).join(", ")}`
export const DTYPES = new Map(Object.entries(CODES).map(([dtype, code]) => [code, dtype as Dtype]))

/** How many values a shape has. */
export const product = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)

type Refuse = (problem: string, remedy?: string) => never

const refusing =
  (subject: string): Refuse =>
  (problem, remedy = "Write it again: it is damaged or not safetensors") => {
    throw new DataError({ subject, problem, remedy })
  }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** Colons outside of text: as many as keys were written. `JSON.parse` keeps the last of equal keys, without a word. */
const writtenKeys = (json: string): number => {
  let keys = 0
  let inText = false
  for (let i = 0; i < json.length; i++) {
    const c = json.charCodeAt(i)
    if (c === 0x22) inText = !inText
    else if (inText && c === 0x5c) i++
    else if (!inText && c === 0x3a) keys++
  }
  return keys
}

const parseHeader = (bytes: Uint8Array, refuse: Refuse) => {
  if (bytes.length < 8) refuse(`holds ${bytes.length} bytes, fewer than a header's length takes`)
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(Math.min(MAX_HEADER, bytes.length - 8))) {
    refuse(`says that its header has ${length} bytes, but ${bytes.length - 8} follow`)
  }
  const start = 8 + Number(length)
  let header: unknown
  let json = ""
  try {
    json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start))
    header = JSON.parse(json)
  } catch {
    refuse("has a header that is not JSON")
  }
  if (!isObject(header)) return refuse("has a header that is not a JSON object")
  return { header, start, keys: writtenKeys(json) }
}

interface Entry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly begin: number
  readonly end: number
}

const parseEntry = (name: string, entry: unknown, refuse: Refuse): Entry => {
  const of = `tensor ${JSON.stringify(name)}`
  if (!isObject(entry) || Object.keys(entry).sort().join() !== "data_offsets,dtype,shape") {
    return refuse(`${of} is not described by dtype, shape and data_offsets`)
  }
  const dtype = DTYPES.get(entry.dtype as string)
  if (dtype === undefined && UNREAD.test(String(entry.dtype))) {
    return refuse(`holds ${JSON.stringify(name)} as ${entry.dtype}, which is not read`, CONVERT)
  }
  if (dtype === undefined) return refuse(`${of} has the unknown dtype ${JSON.stringify(entry.dtype)}`)
  const { shape, data_offsets: offsets } = entry
  if (!Array.isArray(shape) || !shape.every(isCount)) return refuse(`${of} has no valid shape`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1]) {
    return refuse(`${of} has no valid offsets`)
  }
  const [begin, end] = offsets as [number, number]
  const needed = product(shape) * bytesOf(dtype)
  if (needed !== end - begin) refuse(`${of} needs ${needed} bytes, but its offsets span ${end - begin}`)
  return { name, dtype, shape, begin, end }
}

const parseMetadata = (value: unknown, refuse: Refuse): Readonly<Record<string, string>> => {
  if (value === undefined) return {}
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string")) {
    return refuse("has metadata that are not texts")
  }
  return value as Record<string, string>
}

/** The checked header of a blob; `start` is the byte at which values begin. */
const describe = (bytes: Uint8Array, refuse: Refuse) => {
  const { header, start, keys } = parseHeader(bytes, refuse)
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => parseEntry(name, entry, refuse))
  const metadata = parseMetadata(Object.hasOwn(header, METADATA) ? header[METADATA] : undefined, refuse)
  const distinct = Object.keys(header).length + 3 * entries.length + Object.keys(metadata).length
  if (keys !== distinct) refuse("has a header in which a name occurs twice")
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let at = 0
  for (const { name, begin, end } of entries) {
    if (begin !== at)
      refuse(`tensor ${JSON.stringify(name)} ${begin < at ? "overlaps the one" : "leaves a gap"} before it`)
    at = end
  }
  if (at !== bytes.length - start) refuse(`describes ${at} bytes of values, but holds ${bytes.length - start}`)
  return { entries, metadata, start }
}

/**
 * Reads a blob. Values are copied, so that they outlive `bytes` and are aligned.
 *
 * @param subject what `bytes` are, for messages: a file or a key
 * @throws DataError where the header lies, is damaged, or names a dtype that archives do not use
 */
export const decodeSafetensors = (bytes: Uint8Array, subject: string): Safetensors => {
  const { entries, metadata, start } = describe(bytes, refusing(subject))
  const tensors = entries.map(({ name, dtype, shape, begin, end }) => ({
    name,
    dtype,
    shape,
    data: valuesAt(dtype, bytes, start + begin, (end - begin) / bytesOf(dtype))
  }))
  return { tensors, metadata }
}

/** What a blob says of itself. */
export interface Description {
  readonly tensors: ReadonlyArray<Omit<Tensor, "data">>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Reads the header of a blob only, checked like all of it; no values are copied.
 *
 * @throws DataError as `decodeSafetensors`
 */
export const describeSafetensors = (bytes: Uint8Array, subject: string): Description => {
  const { entries, metadata } = describe(bytes, refusing(subject))
  return { tensors: entries.map(({ name, dtype, shape }) => ({ name, dtype, shape })), metadata }
}

/**
 * Reads the metadata of a blob only; no values are copied.
 *
 * @throws DataError as `decodeSafetensors`
 */
export const decodeMetadata = (bytes: Uint8Array, subject: string): Readonly<Record<string, string>> =>
  describe(bytes, refusing(subject)).metadata
