/**
 * Weights in safetensors (huggingface.co/docs/safetensors): a header of JSON, checked as that of archives, then values.
 * Other than the codec of archives it reads arrays one by one, and knows the types of PyTorch.
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
/** A hundred bytes for each of 300,000 arrays; the format itself allows 100 MB, which take gigabytes once read. */
const MOST_HEADER = 32 * 2 ** 20
/** Of a message, which may hold names out of the file. */
const MOST_WORDS = 300

const refuse = (problem: string): never => {
  throw new FileFault(printableText(problem, MOST_WORDS))
}

/** The bytes up to where values begin. */
const headOf = (source: Source): Uint8Array => {
  const end = headerEnd(source.read(0, Math.min(PREFIX, source.size)), source.size, "")
  if (end > MOST_HEADER + PREFIX) refuse(`has a header of ${end - PREFIX} bytes, more than weights need`)
  return source.read(0, end)
}

type Entry = ReturnType<typeof readHeader>["entries"][number]

const tensorOf = (source: Source, start: number, { begin, code, end, name, shape }: Entry): StoredTensor => {
  const type = TYPES.get(code)
  if (type === undefined) return refuse(`has an array ${shortName(name)} of the type ${code}, which no weights have`)
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
 * Arrays whose values are read when they are wanted, in the order of their bytes.
 *
 * @throws FileFault where the header is damaged or lies
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

/** An array to be written: float32, or one int64. */
export interface Written {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | BigInt64Array
}

/** Writes arrays as one blob, its header in the order given. */
export const writeSafetensors = (
  arrays: ReadonlyArray<Written>,
  metadata: Readonly<Record<string, string>>
): Uint8Array =>
  encodeBlob(
    arrays.map((one) => ({ ...one, code: one.data instanceof BigInt64Array ? "I64" : "F32" })),
    metadata,
    "widest first"
  )
