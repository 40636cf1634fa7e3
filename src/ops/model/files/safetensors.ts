/**
 * Weights in safetensors (huggingface.co/docs/safetensors): a header of JSON, then values. Other than the codec of
 * archives it reads arrays one by one, and knows the types of PyTorch.
 */
import { FileFault, printable, type Source, viewOf } from "./source.ts"
import { contiguous, countOf, MOST_AXES, type StoredTensor, type StoredType, storedTensor, WIDTHS } from "./values.ts"

const CODES: Readonly<Record<StoredType, string>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL"
}
const TYPES = new Map(Object.entries(CODES).map(([type, code]) => [code, type as StoredType]))
const METADATA = "__metadata__"
/** A hundred bytes for each of 300,000 arrays; the format itself allows 100 MB, which take gigabytes once read. */
const MOST_HEADER = 32 * 2 ** 20

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const areCounts = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)

const headerOf = (source: Source): { readonly header: Json; readonly start: number } => {
  const length = viewOf(source.read(0, 8)).getBigUint64(0, true)
  if (length > BigInt(source.size - 8)) {
    throw new FileFault(`says that its header has ${length} bytes, but ${source.size - 8} follow`)
  }
  if (length > BigInt(MOST_HEADER)) throw new FileFault(`has a header of ${length} bytes, more than weights need`)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(source.read(8, Number(length))))
  } catch (fault) {
    if (fault instanceof FileFault) throw fault
  }
  if (!isObject(header)) throw new FileFault("has a header that is not a JSON object")
  return { header, start: 8 + Number(length) }
}

const tensorOf = (source: Source, start: number, name: string, entry: unknown): StoredTensor => {
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {}
  if (!areCounts(shape) || shape.length > MOST_AXES || !areCounts(offsets) || offsets.length !== 2) {
    throw new FileFault(`does not describe its array ${printable(name)} by shape and offsets`)
  }
  const type = TYPES.get(String(dtype))
  if (type === undefined)
    throw new FileFault(`has an array ${printable(name)} of the unknown type ${printable(String(dtype))}`)
  const [begin, end] = offsets
  const needed = countOf(shape) * WIDTHS[type]
  if (end - begin !== needed || start + end > source.size) {
    throw new FileFault(`says that array ${printable(name)} has ${needed} bytes, but they are not all there`)
  }
  return storedTensor(name, type, contiguous(shape), (from, length) => source.read(start + begin + from, length))
}

export interface ReadSafetensors {
  readonly tensors: ReadonlyArray<StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/** @throws FileFault where the header is damaged or lies */
export const readSafetensors = (source: Source): ReadSafetensors => {
  const { header, start } = headerOf(source)
  const tensors = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => tensorOf(source, start, name, entry))
  const metadata = Object.hasOwn(header, METADATA) ? header[METADATA] : {}
  if (!isObject(metadata) || !Object.values(metadata).every((text) => typeof text === "string")) {
    throw new FileFault("has metadata that are not texts")
  }
  return { tensors, metadata: metadata as Readonly<Record<string, string>> }
}

/** An array to be written: float32, or one int64. */
export interface Written {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | BigInt64Array
}

/**
 * One blob, its header in the order given. Bytes of int64 stand before those of float32, so that all are aligned.
 */
export const writeSafetensors = (
  arrays: ReadonlyArray<Written>,
  metadata: Readonly<Record<string, string>>
): Uint8Array => {
  const wide = arrays.filter(({ data }) => data instanceof BigInt64Array)
  const ordered = [...wide, ...arrays.filter(({ data }) => data instanceof Float32Array)]
  let end = 0
  const places = new Map(
    ordered.map(({ name, data }) => {
      const begin = end
      end += data.byteLength
      return [name, [begin, end]]
    })
  )
  const entries: ReadonlyArray<readonly [string, unknown]> = arrays.map(({ name, shape, data }) => [
    name,
    { dtype: data instanceof BigInt64Array ? "I64" : "F32", shape, data_offsets: places.get(name) }
  ])
  const all = [[METADATA, metadata] as const, ...entries]
  // Joined by hand: an object would put names that look like numbers first.
  const json = `{${all.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(",")}}`
  const header = new TextEncoder().encode(json)
  const start = Math.ceil((8 + header.length) / 8) * 8
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start)
  viewOf(bytes).setBigUint64(0, BigInt(start - 8), true)
  bytes.set(header, 8)
  for (const { name, data } of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start + (places.get(name)?.[0] ?? 0))
  }
  return bytes
}
