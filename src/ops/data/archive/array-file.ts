/** Arrays on disk, `.npy` or a tensor of a safetensors file, read an item of the first axis at a time. */
import { open } from "node:fs/promises"
import type { Dtype, Pixels } from "../../elements.ts"
import { bytesOf, valuesAt } from "../dtypes.ts"
import { DataError } from "../faults.ts"
import { messageOf } from "./read-file.ts"

export interface ArrayFile {
  readonly file: string
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  /** Where the first value stands. */
  readonly begin: number
}

const refuse = (file: string, problem: string, remedy: string, cause?: unknown): never => {
  throw new DataError({ subject: file, problem, remedy, cause })
}

const DAMAGED = "Write the file again: it is damaged or of another kind"
const SAVE = "Save it with `numpy.save(path, numpy.ascontiguousarray(array))`, little-endian"

const CONVERT = 'Convert it to one of uint8, uint16, int16, uint32, int32, float32, float64: `array.astype("uint8")`'

/** Bytes of a file, exactly so many; how long it is. */
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

const product = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)

/** Types by numpy's letters. */
const NUMPY: Readonly<Record<string, Dtype>> = {
  "|u1": "uint8",
  "|b1": "uint8",
  "<u2": "uint16",
  "<i2": "int16",
  "<u4": "uint32",
  "<i4": "int32",
  "<f4": "float32",
  "<f8": "float64"
}
const PREFIX = 12
/** Headers are about a hundred bytes; gigabytes are damage. */
const MAX_HEADER = 1 << 20

/** Describes a `.npy` file (NumPy Enhancement Proposal 1; versions 1.0 to 3.0). */
const openNpy = async (file: string): Promise<ArrayFile> => {
  const { bytes: prefix, size } = await readPart(file, 0, PREFIX)
  if (prefix.length < PREFIX || prefix.subarray(0, 6).toString("latin1") !== "\x93NUMPY") {
    return refuse(file, "is not a .npy file", SAVE)
  }
  const start = prefix[6] === 1 ? 10 : 12
  const length = prefix[6] === 1 ? prefix.readUInt16LE(8) : prefix.readUInt32LE(8)
  if (prefix[6] > 3 || length > MAX_HEADER || start + length > size)
    return refuse(file, "has a damaged header", DAMAGED)
  const text = (await readPart(file, start, length)).bytes.toString("latin1")
  const letters = /'descr':\s*'([^']*)'/.exec(text)?.[1] ?? "objects"
  const shape = /'shape':\s*\(([\d\s,]*)\)/
    .exec(text)?.[1]
    ?.split(",")
    .filter((n) => n.trim() !== "")
    .map(Number)
  const dtype = NUMPY[letters]
  if (dtype === undefined) return refuse(file, `holds values of type ${letters}, which is not read`, CONVERT)
  if (shape === undefined || shape.length === 0) return refuse(file, "has a header without a shape", DAMAGED)
  if (/'fortran_order':\s*True/.test(text)) return refuse(file, "is stored column by column (fortran_order)", SAVE)
  const wanted = start + length + product(shape) * bytesOf(dtype)
  if (wanted !== size) return refuse(file, `has ${size} bytes, but its header says ${wanted}`, DAMAGED)
  return { file, dtype, shape, begin: start + length }
}

const SAFETENSORS: Readonly<Record<string, Dtype>> = {
  U8: "uint8",
  BOOL: "uint8",
  U16: "uint16",
  I16: "int16",
  U32: "uint32",
  I32: "int32",
  F32: "float32",
  F64: "float64"
}

/** Describes one tensor of a safetensors file; its values are not read. */
const openTensor = async (file: string, name: string): Promise<ArrayFile> => {
  const { bytes: prefix, size } = await readPart(file, 0, 8)
  const length = prefix.length < 8 ? Number.NaN : Number(prefix.readBigUInt64LE(0))
  if (!(length <= Math.min(size - 8, 100 * MAX_HEADER))) return refuse(file, "is not a safetensors file", DAMAGED)
  let header: Record<string, { dtype: string; shape: Array<number>; data_offsets: [number, number] } | undefined>
  try {
    header = JSON.parse((await readPart(file, 8, length)).bytes.toString("utf8"))
  } catch (cause) {
    return refuse(file, "has a header that is not JSON", DAMAGED, cause)
  }
  const tensor = header[name]
  if (tensor === undefined) {
    const names = Object.keys(header).filter((key) => key !== "__metadata__")
    return refuse(file, `holds no tensor \`${name}\`, but ${names.join(", ")}`, `Name it \`${name}\``)
  }
  const dtype = SAFETENSORS[tensor.dtype]
  if (dtype === undefined) return refuse(file, `holds ${name} as ${tensor.dtype}, which is not read`, CONVERT)
  const [from, to] = tensor.data_offsets
  const begin = 8 + length + from
  if (to - from !== product(tensor.shape) * bytesOf(dtype) || 8 + length + to > size) {
    return refuse(file, `holds ${name} with offsets that do not fit`, DAMAGED)
  }
  return { file, dtype, shape: tensor.shape, begin }
}

/** Opens an array by the ending of its file. */
export const openArray = (file: string, tensor: string): Promise<ArrayFile> =>
  file.endsWith(".npy") ? openNpy(file) : openTensor(file, tensor)

/**
 * One item of the first axis.
 *
 * @returns its values, row-major over the other axes; rejects with DataError where the file has become shorter
 */
export const readItem = async ({ begin, dtype, file, shape }: ArrayFile, item: number): Promise<Pixels> => {
  const count = product(shape.slice(1))
  const length = count * bytesOf(dtype)
  const { bytes } = await readPart(file, begin + item * length, length)
  if (bytes.length < length) return refuse(file, "became shorter while it was read", DAMAGED)
  return valuesAt(dtype, bytes, 0, count)
}
