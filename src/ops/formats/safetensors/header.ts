/**
 * Reads and checks headers of safetensors: a little-endian u64 with the length, then JSON
 * `{ name: { dtype, shape, data_offsets: [begin, end] }, "__metadata__": { key: text } }`, after which spaces may follow
 * (huggingface.co/docs/safetensors). The one reader of headers: blobs of stores, arrays of archives and weights of models
 * use it.
 */
import { DataError } from "../data-error.ts"
import { bytesOf, type Dtype } from "../dtypes.ts"

/** The name of the entry that is not a tensor. */
export const METADATA = "__metadata__"
/** The format's own limit. */
const MAX_HEADER = 100_000_000
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
/** The other dtypes of the format (safetensors 0.8, `Dtype`), which pixels do not have. */
const UNREAD = /^(BOOL|I8|I64|U64|F16|BF16|F4|F6_E2M3|F6_E3M2|F8_E4M3|F8_E4M3FNUZ|F8_E5M2|F8_E5M2FNUZ|F8_E8M0|C64)$/
const CONVERT = `Convert it to one of ${Object.keys(CODES).join(", ")}`
export const DTYPES = new Map(Object.entries(CODES).map(([dtype, code]) => [code, dtype as Dtype]))

/** The number of values of a shape. */
export const product = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)

type Refuse = (problem: string, remedy?: string) => never

export const refusing =
  (subject: string): Refuse =>
  (problem, remedy = "Write it again: it is damaged or not safetensors") => {
    throw new DataError({ subject, problem, remedy })
  }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/**
 * Counts the keys that a JSON text has, by its colons outside of strings. `JSON.parse` silently keeps the last of equal
 * keys.
 */
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

/** Bytes of the number that gives the length of the header. */
export const PREFIX = 8

/**
 * The byte at which values begin.
 *
 * @param bytes the first bytes of a blob
 * @param size bytes of the whole blob
 * @throws DataError if the blob has no header
 */
const startOf = (bytes: Uint8Array, size: number, refuse: Refuse): number => {
  if (bytes.length < PREFIX) refuse(`holds ${bytes.length} bytes, fewer than a header's length takes`)
  const length = new DataView(bytes.buffer, bytes.byteOffset, PREFIX).getBigUint64(0, true)
  if (length > BigInt(Math.min(MAX_HEADER, size - PREFIX))) {
    refuse(`claims a header of ${length} bytes, but ${size - PREFIX} bytes follow`)
  }
  return PREFIX + Number(length)
}

const parseHeader = (bytes: Uint8Array, size: number, refuse: Refuse) => {
  const start = startOf(bytes, size, refuse)
  let header: unknown
  let json = ""
  try {
    json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(PREFIX, start))
    header = JSON.parse(json)
  } catch {
    refuse("has a header that is not JSON")
  }
  if (!isObject(header)) return refuse("has a header that is not a JSON object")
  return { header, start, keys: writtenKeys(json) }
}

/** The header's entry of one tensor. Offsets count from the byte at which values begin. */
interface Entry {
  readonly name: string
  /** The format's name of the dtype. */
  readonly code: string
  readonly shape: ReadonlyArray<number>
  readonly begin: number
  readonly end: number
}

const parseEntry = (name: string, entry: unknown, refuse: Refuse): Entry => {
  const of = `tensor ${JSON.stringify(name)}`
  if (!isObject(entry) || Object.keys(entry).sort().join() !== "data_offsets,dtype,shape") {
    return refuse(`${of} is not described by dtype, shape and data_offsets`)
  }
  const { data_offsets: offsets, dtype: code, shape } = entry
  if (typeof code !== "string" || !(DTYPES.has(code) || UNREAD.test(code))) {
    return refuse(`${of} has the unknown dtype ${JSON.stringify(code)}`)
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) return refuse(`${of} has no valid shape`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1]) {
    return refuse(`${of} has no valid offsets`)
  }
  return { name, code, shape, begin: offsets[0], end: offsets[1] }
}

/**
 * Checks that a tensor takes as many bytes as its shape needs.
 *
 * @param width bytes of a value
 */
const checkSpan = ({ begin, end, name, shape }: Entry, width: number, refuse: Refuse): void => {
  const needed = product(shape) * width
  if (needed === end - begin) return
  refuse(`tensor ${JSON.stringify(name)} needs ${needed} bytes, but its offsets span ${end - begin}`)
}

/** Adds the dtype to an entry. @throws DataError if pixels do not have such a dtype */
export const withDtype = (entry: Entry, refuse: Refuse): Entry & { readonly dtype: Dtype } => {
  const dtype = DTYPES.get(entry.code)
  if (dtype === undefined) {
    return refuse(`holds ${JSON.stringify(entry.name)} as ${entry.code}, which is not read`, CONVERT)
  }
  checkSpan(entry, bytesOf(dtype), refuse)
  return { ...entry, dtype }
}

const parseMetadata = (value: unknown, refuse: Refuse): Readonly<Record<string, string>> => {
  if (value === undefined) return {}
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string")) {
    return refuse("has metadata that are not text")
  }
  return value as Record<string, string>
}

/** Reads and checks the header of a blob of `size` bytes; `start` is the byte at which values begin. */
export const readHeader = (bytes: Uint8Array, size: number, refuse: Refuse) => {
  const { header, start, keys } = parseHeader(bytes, size, refuse)
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
  if (at !== size - start) refuse(`describes ${at} bytes of values, but holds ${size - start}`)
  return { entries, metadata, start }
}

/**
 * The number of bytes of a file that its header takes.
 *
 * @param prefix the first `PREFIX` bytes of the file
 * @param size bytes of the whole file
 * @throws DataError if the file has no header
 */
export const headerEnd = (prefix: Uint8Array, size: number, subject: string): number =>
  startOf(prefix, size, refusing(subject))

/**
 * Finds one tensor of a file by the header alone, which is checked like that of a blob.
 *
 * @param head the first bytes of the file, as many as `headerEnd` returns
 * @param widths bytes of a value, for the dtypes that are wanted beyond those of pixels
 * @returns the entry, if there is one, with `begin` and `end` counted from the first byte of the file, and the names of all
 *   tensors
 * @throws DataError if the header is damaged or contradicts the file
 */
export const findTensor = (
  head: Uint8Array,
  size: number,
  subject: string,
  name: string,
  widths: Readonly<Record<string, number>>
): { readonly entry: Entry | undefined; readonly names: ReadonlyArray<string> } => {
  const refuse = refusing(subject)
  const { entries, start } = readHeader(head, size, refuse)
  const names = entries.map((one) => one.name).sort()
  const entry = entries.find((one) => one.name === name)
  if (entry === undefined) return { entry, names }
  const dtype = DTYPES.get(entry.code)
  const width = dtype === undefined ? widths[entry.code] : bytesOf(dtype)
  if (width !== undefined) checkSpan(entry, width, refuse)
  return { entry: { ...entry, begin: start + entry.begin, end: start + entry.end }, names }
}
