/** Writes ONNX files. Field numbers are those of `onnx.proto` (github.com/onnx/onnx). */
import { bytes, float, integer, joined, type Message, message, text } from "../protobuf-write.ts"

/** Version of the standard operators that the files need. */
export const OPSET = 17
/** Version of the file format that came with this opset. */
const IR_VERSION = 8

/** An attribute of a node: a whole number or a list of them, or a float32 number. */
export type OnnxAttribute = number | ReadonlyArray<number> | { readonly float: number }

/** One operation, with the names of its inputs and of its single output. */
export interface OnnxNode {
  readonly type: string
  readonly inputs: ReadonlyArray<string>
  readonly output: string
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

/** A constant: float32, or int64 for shapes and positions. */
export interface OnnxConstant {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array | BigInt64Array
}

/** An input or output, float32; a text names an axis of free length. */
export interface OnnxSignature {
  readonly name: string
  readonly shape: ReadonlyArray<number | string>
}

/** A graph: its nodes are in the order of computation. */
export interface OnnxGraph {
  readonly name: string
  readonly nodes: ReadonlyArray<OnnxNode>
  readonly constants: ReadonlyArray<OnnxConstant>
  readonly inputs: ReadonlyArray<OnnxSignature>
  readonly outputs: ReadonlyArray<OnnxSignature>
}

const [FLOAT, INT64] = [1, 7]

/** `AttributeProto`: name = 1, f = 2, i = 3, ints = 8, type = 20 (FLOAT 1, INT 2, INTS 7). */
const attribute = (name: string, value: OnnxAttribute): Message => {
  if (typeof value === "number") return message(5, text(1, name), integer(3, value), integer(20, 2))
  if ("float" in value) return message(5, text(1, name), float(2, value.float), integer(20, 1))
  return message(5, text(1, name), ...value.map((one) => integer(8, one)), integer(20, 7))
}

/** `NodeProto`: input = 1, output = 2, name = 3, op_type = 4, attribute = 5. */
const node = ({ attributes, inputs, output, type }: OnnxNode): Message =>
  message(
    1,
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(3, output),
    text(4, type),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value))
  )

/** `TensorProto`: dims = 1, data_type = 2, name = 8, raw_data = 9 (little-endian, as on every supported processor). */
const constant = ({ data, name, shape }: OnnxConstant): Message =>
  message(
    5,
    ...shape.map((n) => integer(1, n)),
    integer(2, data instanceof Float32Array ? FLOAT : INT64),
    text(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  )

/** `ValueInfoProto` with a `TypeProto` of a tensor: elem_type = 1, shape = 2, of axes with dim_value = 1 or dim_param = 2. */
const signature = (field: 11 | 12, { name, shape }: OnnxSignature): Message => {
  const axes = shape.map((axis) => message(1, typeof axis === "number" ? integer(1, axis) : text(2, axis)))
  return message(field, text(1, name), message(2, message(1, integer(1, FLOAT), message(2, ...axes))))
}

/**
 * The bytes of an ONNX file.
 *
 * @param producer name and version of the program that wrote it
 * @param metadata texts by name (`metadata_props`)
 */
export const encodeOnnx = (
  graph: OnnxGraph,
  producer: { readonly name: string; readonly version: string },
  metadata: Readonly<Record<string, string>>
): Uint8Array => {
  const { constants, inputs, name, nodes, outputs } = graph
  return joined(
    [
      integer(1, IR_VERSION),
      text(2, producer.name),
      text(3, producer.version),
      message(
        7,
        ...nodes.map(node),
        text(2, name),
        ...constants.map(constant),
        ...inputs.map((one) => signature(11, one)),
        ...outputs.map((one) => signature(12, one))
      ),
      message(8, text(1, ""), integer(2, OPSET)),
      ...Object.entries(metadata).map(([key, value]) => message(14, text(1, key), text(2, value)))
    ].flat()
  )
}
