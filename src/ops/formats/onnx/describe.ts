/**
 * Describes an ONNX file without loading it: inputs, outputs, metadata and files of external weights. Field numbers are
 * those of `onnx.proto` (github.com/onnx/onnx). Weights are skipped, so that files of gigabytes are described at once.
 */
import { closeSync, fstatSync, openSync } from "node:fs"
import { DataError } from "../data-error.ts"
import { ProtobufFault, type ProtobufField, ProtobufFile } from "./protobuf.ts"

/** One axis: its length, the name of a free axis, or `undefined` for a free axis without a name. */
export type OnnxAxis = number | string | undefined

/** An input or output of a network. */
export interface OnnxValue {
  readonly name: string
  /** Type of its numbers, such as `float32` or `float16`. */
  readonly type: string
  /** Its axes; `undefined` if the file does not say how many there are. */
  readonly shape: ReadonlyArray<OnnxAxis> | undefined
}

/** What an ONNX file says of itself. */
export interface OnnxDescription {
  /** Path of the file. */
  readonly file: string
  /** Inputs that a caller must give, weights excluded. */
  readonly inputs: ReadonlyArray<OnnxValue>
  readonly outputs: ReadonlyArray<OnnxValue>
  /** The metadata texts (`metadata_props`) by name. */
  readonly metadata: Readonly<Record<string, string>>
  /** Version of the standard operators. */
  readonly opset: number | undefined
  /** Program that wrote the file, if it says so. */
  readonly producer: string
  /** Files beside it that hold weights, as it names them. */
  readonly external: ReadonlyArray<string>
}

/** Names of `TensorProto.DataType`, by number. */
const TYPES: Readonly<Record<number, string>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  8: "text",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  16: "bfloat16"
}

const axisOf = (file: ProtobufFile, { from, to }: ProtobufField): OnnxAxis => {
  for (const field of file.fields(from, to)) {
    if (field.number === 1) return field.value
    if (field.number === 2) return file.text(field) || undefined
  }
  return undefined
}

/** Type and axes of a `TypeProto`; what is not a tensor has the type `not a tensor`. */
const tensorType = (file: ProtobufFile, from: number, to: number): Omit<OnnxValue, "name"> => {
  let type = "not a tensor"
  let shape: ReadonlyArray<OnnxAxis> | undefined
  for (const kind of file.fields(from, to)) {
    if (kind.number !== 1) continue
    for (const field of file.fields(kind.from, kind.to)) {
      if (field.number === 1) type = TYPES[field.value] ?? `type ${field.value}`
      if (field.number !== 2) continue
      const axes = [...file.fields(field.from, field.to)].filter(({ number }) => number === 1)
      shape = axes.map((axis) => axisOf(file, axis))
    }
  }
  return { type, shape }
}

const signatureOf = (file: ProtobufFile, { from, to }: ProtobufField): OnnxValue => {
  let name = ""
  let type: Omit<OnnxValue, "name"> = { type: "unknown", shape: undefined }
  for (const field of file.fields(from, to)) {
    if (field.number === 1) name = file.text(field)
    if (field.number === 2) type = tensorType(file, field.from, field.to)
  }
  return { name, ...type }
}

/** A pair of texts under the field numbers 1 and 2. */
const pairOf = (file: ProtobufFile, { from, to }: ProtobufField): readonly [key: string, value: string] => {
  let [key, value] = ["", ""]
  for (const field of file.fields(from, to)) {
    if (field.number === 1) key = file.text(field)
    if (field.number === 2) value = file.text(field, 2 ** 24)
  }
  return [key, value]
}

/** Name of a weight, and the file that holds it if that is another one. */
const weightOf = (file: ProtobufFile, { from, to }: ProtobufField) => {
  let name = ""
  let place: string | undefined
  for (const field of file.fields(from, to)) {
    if (field.number === 8) name = file.text(field)
    if (field.number !== 13) continue
    const [key, value] = pairOf(file, field)
    if (key === "location") place = value
  }
  return { name, place }
}

const graphOf = (file: ProtobufFile, { from, to }: ProtobufField) => {
  const inputs: Array<OnnxValue> = []
  const outputs: Array<OnnxValue> = []
  const weights = new Set<string>()
  const external = new Set<string>()
  for (const field of file.fields(from, to)) {
    if (field.number === 11) inputs.push(signatureOf(file, field))
    if (field.number === 12) outputs.push(signatureOf(file, field))
    if (field.number !== 5) continue
    const { name, place } = weightOf(file, field)
    weights.add(name)
    if (place !== undefined) external.add(place)
  }
  // Files of before 2019 list weights among the inputs.
  return { inputs: inputs.filter(({ name }) => !weights.has(name)), outputs, external: [...external] }
}

const modelOf = (path: string, file: ProtobufFile): OnnxDescription => {
  let graph: ReturnType<typeof graphOf> | undefined
  let producer = ""
  let opset: number | undefined
  const metadata: Record<string, string> = {}
  for (const field of file.fields()) {
    if (field.number === 2) producer = file.text(field)
    if (field.number === 7) graph = graphOf(file, field)
    if (field.number === 8) {
      const parts = [...file.fields(field.from, field.to)]
      const domain = parts.find(({ number }) => number === 1)
      if (domain === undefined || domain.from === domain.to) opset = parts.find(({ number }) => number === 2)?.value
    }
    if (field.number === 14) {
      const [key, value] = pairOf(file, field)
      metadata[key] = value
    }
  }
  if (graph === undefined || graph.outputs.length === 0) throw new ProtobufFault("holds no network")
  return { file: path, ...graph, metadata, opset, producer }
}

const EXPORT = "Give a network that was exported as ONNX, for example by `torch.onnx.export`"

/**
 * Describes a file.
 *
 * @throws DataError if there is no such file, or it is not an ONNX network
 */
export const describeOnnx = (path: string): OnnxDescription => {
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT"
    const problem = missing ? "there is no such file" : `cannot be opened (${(cause as Error).message})`
    throw new DataError({ subject: path, problem, remedy: EXPORT, cause })
  }
  try {
    const found = fstatSync(fd)
    if (!found.isFile()) throw new ProtobufFault("is a folder")
    return modelOf(path, new ProtobufFile(fd, found.size))
  } catch (cause) {
    if (!(cause instanceof ProtobufFault)) throw cause
    throw new DataError({
      subject: path,
      problem: `is not an ONNX network: it ${cause.message}`,
      remedy: EXPORT,
      cause
    })
  } finally {
    closeSync(fd)
  }
}
