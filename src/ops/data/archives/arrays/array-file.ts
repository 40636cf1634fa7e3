/** Arrays on disk, `.npy` or a tensor of a safetensors file, read an item of the first axis at a time. */
import { open } from "node:fs/promises"
import { messageOf } from "../../../../pipeline/words.ts"
import type { Dtype, Pixels } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { bytesOf, swapBytes, valuesAt } from "../../../formats/dtypes.ts"
import { checkNpySize, NPY_PREFIX, npyHead, parseNpy } from "../../../formats/npy.ts"
import { DTYPES, findTensor, headerEnd, PREFIX, product } from "../../../formats/safetensors/header.ts"

/** Type that numpy and PyTorch give to Python's whole numbers: too wide for pixels, but frequent for labels. */
type Wide = "int64"

export interface ArrayFile<T extends Dtype | Wide = Dtype> {
  readonly file: string
  readonly dtype: T
  readonly bigEndian: boolean
  readonly shape: ReadonlyArray<number>
  /** Byte position of the first value. */
  readonly begin: number
}

const refuse = (file: string, problem: string, remedy: string, cause?: unknown): never => {
  throw new DataError({ subject: file, problem, remedy, cause })
}

const DAMAGED = "Write the file again: it is damaged or of another kind"
const SAVE = "Save it with `numpy.save(path, numpy.ascontiguousarray(array))`"

/** Example of a conversion by the type that a file has: to the first type that is read and holds all its values. */
const EXAMPLES: ReadonlyArray<readonly [written: RegExp, example: string]> = [
  [/^[<>=|]?f|^B?F\d/, ': `array.astype("float32")`'],
  [/^[<>=|]?i1$|^I8$/, ': `array.astype("int16")`'],
  [/^[<>=|]?[iu]8$|^[IU]64$/, ', if its values fit: `array.astype("int32")`']
]

/** @param type as the file writes it */
const convert = (type: string): string => {
  const example = EXAMPLES.find(([written]) => written.test(type))?.[1] ?? ""
  return `Convert it to one of uint8, uint16, int16, uint32, int32, float32, float64${example}`
}

/** Reads `length` bytes of a file, or fewer at its end; and the size of the file. */
const readPart = async (file: string, at: number, length: number): Promise<{ bytes: Buffer; size: number }> => {
  const handle = await open(file, "r").catch((cause: unknown) =>
    refuse(file, `cannot be opened (${messageOf(cause)})`, "Give the folder that holds it", cause)
  )
  try {
    const { size } = await handle.stat()
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - at)))
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, done, bytes.length - done, at + done)
      if (bytesRead === 0) return refuse(file, "became shorter while it was read", DAMAGED)
      done += bytesRead
    }
    return { bytes, size }
  } finally {
    await handle.close()
  }
}

const widthOf = (dtype: Dtype | Wide): number => (dtype === "int64" ? 8 : bytesOf(dtype))

/** Types that only labels may have, by numpy's names; a truth value is a byte of 0 or 1. */
const NUMPY: Readonly<Record<string, Dtype | Wide>> = { "|b1": "uint8", "<i8": "int64", "<u8": "int64" }

/** Describes a `.npy` file. */
const openNpy = async (file: string): Promise<ArrayFile<Dtype | Wide>> => {
  const damaged = (problem: string, remedy = SAVE) => refuse(file, problem, remedy)
  const { bytes: prefix, size } = await readPart(file, 0, NPY_PREFIX)
  const header = parseNpy((await readPart(file, 0, npyHead(prefix, damaged))).bytes, damaged)
  const { begin, bigEndian, descr, fortran, shape } = header
  const dtype = header.dtype ?? NUMPY[descr]
  if (dtype === undefined) return refuse(file, `holds values of type ${descr}, which is not read`, convert(descr))
  if (shape.length === 0) return refuse(file, "holds a single number", SAVE)
  if (fortran) return refuse(file, "is stored column by column (fortran_order)", SAVE)
  checkNpySize(header, widthOf(dtype), size, damaged)
  return { file, dtype, bigEndian, shape, begin }
}

/** As `NUMPY`, by the names of safetensors. */
const SAFETENSORS: Readonly<Record<string, Dtype | Wide>> = { BOOL: "uint8", I64: "int64" }
const WIDTHS = Object.fromEntries(Object.entries(SAFETENSORS).map(([code, dtype]) => [code, widthOf(dtype)]))

/** Describes one tensor of a safetensors file; its values are not read. */
const openTensor = async (file: string, name: string): Promise<ArrayFile<Dtype | Wide>> => {
  const { bytes: prefix, size } = await readPart(file, 0, PREFIX)
  const head = await readPart(file, 0, headerEnd(prefix, size, file))
  const { entry, names } = findTensor(head.bytes, size, file, name, WIDTHS)
  if (entry === undefined) {
    return refuse(file, `holds no tensor \`${name}\`, but ${names.join(", ")}`, `Name it \`${name}\``)
  }
  const { begin, code, shape } = entry
  const dtype = DTYPES.get(code) ?? SAFETENSORS[code]
  if (dtype === undefined) return refuse(file, `holds ${name} as ${code}, which is not read`, convert(code))
  return { file, dtype, bigEndian: false, shape, begin }
}

const openAny = (file: string, tensor: string): Promise<ArrayFile<Dtype | Wide>> =>
  file.endsWith(".npy") ? openNpy(file) : openTensor(file, tensor)

/**
 * Opens an array of pixels by the ending of its file.
 *
 * @returns rejects with DataError if it is missing, damaged, or of a type that pixels do not have
 */
export const openArray = async (file: string, tensor: string): Promise<ArrayFile> => {
  const { dtype, ...rest } = await openAny(file, tensor)
  return { ...rest, dtype: dtype === "int64" ? refuse(file, "holds values of 64 bits", convert("I64")) : dtype }
}

/** Bytes from the `from`th value on. */
const readBytes = async ({ begin, dtype, file }: ArrayFile<Dtype | Wide>, from: number, count: number) => {
  const length = count * widthOf(dtype)
  const { bytes } = await readPart(file, begin + from * widthOf(dtype), length)
  return bytes.length < length ? refuse(file, "became shorter while it was read", DAMAGED) : bytes
}

/**
 * One item of the first axis.
 *
 * @returns its values, row-major over the other axes; rejects with DataError if the file has become shorter
 */
export const readItem = async (array: ArrayFile, item: number): Promise<Pixels> => {
  const count = product(array.shape.slice(1))
  const pixels = valuesAt(array.dtype, await readBytes(array, item * count, count), 0, count)
  if (array.bigEndian) swapBytes(pixels)
  return pixels
}

/**
 * Reads a whole array of zeros and ones, of any type that numbers have.
 *
 * @returns its shape and uint8 values, row-major; rejects with DataError if it cannot be read or holds anything else
 */
export const readBits = async (file: string, tensor: string) => {
  const array = await openAny(file, tensor)
  const { dtype, shape, ...rest } = array
  const count = product(shape)
  const values: ArrayLike<number | bigint> =
    dtype === "int64"
      ? new BigInt64Array(new Uint8Array(await readBytes(array, 0, count)).buffer)
      : await readItem({ ...rest, dtype, shape: [1, count] }, 0)
  const bits = Uint8Array.from(values, Number)
  for (let i = 0; i < count; i++) {
    if (Number(values[i]) !== bits[i] || bits[i] > 1) {
      return refuse(file, "holds labels other than 0 and 1", "Give one row of 0 and 1 per image")
    }
  }
  return { shape, bits }
}
