/**
 * Weights in safetensors (huggingface.co/docs/safetensors): a JSON header, then values. Arrays are read one by one, and all
 * types of PyTorch are known; the codec in `formats` reads whole files of fewer types.
 */
import { DataError } from "../../formats/data-error.ts"
import { headerEnd, PREFIX, readHeader } from "../../formats/safetensors/header.ts"
import { encodeBlob } from "../../formats/safetensors/write.ts"
import { FileFault, printableText, type Source, shortName } from "./source.ts"
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
/** Largest header: a hundred bytes for each of 300,000 arrays. The format allows 100 MB, which need gigabytes once parsed. */
const MOST_HEADER = 32 * 2 ** 20
/** Largest length of a message, which may contain names from the file. */
const MOST_WORDS = 300

const refuse = (problem: string): never => {
  throw new FileFault(printableText(problem, MOST_WORDS))
}

/** The bytes before the values. */
const headOf = (source: Source): Uint8Array => {
  const end = headerEnd(source.read(0, Math.min(PREFIX, source.size)), source.size, "")
  if (end > MOST_HEADER + PREFIX) refuse(`has a header of ${end - PREFIX} bytes, more than weights need`)
  return source.read(0, end)
}

type Entry = ReturnType<typeof readHeader>["entries"][number]

const tensorOf = (source: Source, start: number, { begin, code, end, name, shape }: Entry): StoredTensor => {
  const type = TYPES.get(code)
  if (type === undefined)
    return refuse(`has an array ${shortName(name)} of the type ${code}, which is not read as weights`)
  if (shape.length > MOST_AXES) return refuse(`has an array ${shortName(name)} of ${shape.length} axes`)
  const needed = countOf(shape) * WIDTHS[type]
  if (end - begin !== needed) {
    return refuse(`says that array ${shortName(name)} has ${needed} bytes, but gives it ${end - begin}`)
  }
  return storedTensor(name, type, contiguous(shape), (from, length) => source.read(start + begin + from, length))
}

export interface ReadSafetensors {
  readonly tensors: ReadonlyArray<StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Arrays in the order of their bytes. Values are read on demand.
 *
 * @throws FileFault if the header is damaged or does not fit the file
 */
export const readSafetensors = (source: Source): ReadSafetensors => {
  try {
    const { entries, metadata, start } = readHeader(headOf(source), source.size, refuse)
    return { tensors: entries.map((entry) => tensorOf(source, start, entry)), metadata }
  } catch (fault) {
    if (fault instanceof DataError) return refuse(fault.problem)
    throw fault
  }
}

/** An array to be written, of float32 or int64. */
export interface Written {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | BigInt64Array
}

/** Encodes arrays as safetensors; the header has the given order. */
export const writeSafetensors = (
  arrays: ReadonlyArray<Written>,
  metadata: Readonly<Record<string, string>>
): Uint8Array =>
  encodeBlob(
    arrays.map((one) => ({ ...one, code: one.data instanceof BigInt64Array ? "I64" : "F32" })),
    metadata,
    "widest first"
  )
