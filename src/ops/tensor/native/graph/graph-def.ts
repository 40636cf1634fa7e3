/** Writes recorded operations as a graph of TensorFlow (`GraphDef`, tensorflow/core/framework/graph.proto). */
import { bytes, float, floats, message, whole, wholes } from "./protobuf.ts"
import type { Attribute, Constant, Operation, Recording, TensorFacts } from "./recorder.ts"

/** Recorded operations that cannot become a graph. */
export class NoGraph extends Error {}

/** `TF_AttrType` of TensorFlow's C API. */
const [STRING, INT, FLOAT, BOOL, TYPE, SHAPE] = [0, 1, 2, 3, 4, 5]

/** Types of tensors that may occur in a graph: float32, int32, boolean. */
const TYPES: ReadonlySet<number> = new Set([1, 3, 10])

/** Operations with effects beyond their outputs, and draws. */
const STATEFUL = /^(VarHandleOp|.*VariableOp|Resource.*|DestroyResourceOp|Random.*|Multinomial|TruncatedNormal)$/

const shapeProto = (shape: ReadonlyArray<number>): Buffer =>
  message(...shape.map((length) => bytes(2, whole(1, length))))

const scalarAttribute = (type: number, value: unknown): Buffer => {
  if (type === STRING) return bytes(2, value as string)
  if (type === INT) return whole(3, value as number)
  if (type === FLOAT) return float(4, value as number)
  if (type === BOOL) return whole(5, value ? 1 : 0)
  if (type === TYPE) return whole(6, value as number)
  if (type === SHAPE) return bytes(7, shapeProto(value as ReadonlyArray<number>))
  throw new NoGraph(`an attribute has the unknown type ${type}`)
}

const listAttribute = (type: number, values: ReadonlyArray<unknown>): Buffer => {
  if (type === STRING) return message(...values.map((value) => bytes(2, value as string)))
  if (type === INT) return wholes(3, values as ReadonlyArray<number>)
  if (type === FLOAT) return floats(4, values as ReadonlyArray<number>)
  if (type === BOOL) return wholes(5, values.map(Number))
  if (type === TYPE) return wholes(6, values as ReadonlyArray<number>)
  throw new NoGraph(`a list of attributes has the unknown type ${type}`)
}

const attribute = ({ type, value }: Attribute): Buffer =>
  type !== SHAPE && Array.isArray(value) ? bytes(1, listAttribute(type, value)) : scalarAttribute(type, value)

const node = (
  name: string,
  operation: string,
  inputs: ReadonlyArray<string>,
  attributes: ReadonlyArray<readonly [name: string, value: Buffer]>
): Buffer => {
  const entries = attributes.map(([key, value]) => bytes(5, message(bytes(1, key), bytes(2, value))))
  return bytes(1, message(bytes(1, name), bytes(2, operation), ...inputs.map((input) => bytes(3, input)), ...entries))
}

const typed = (name: string, dtype: number): readonly [string, Buffer] => [name, whole(6, dtype)]

const placeholder = (name: string, { dtype, shape }: TensorFacts): Buffer =>
  node(name, "Placeholder", [], [typed("dtype", dtype), ["shape", bytes(7, shapeProto(shape))]])

/** The values of a constant as TensorFlow stores them. */
const contentOf = ({ dtype, values }: Constant): Buffer => {
  if (dtype === 10) return Buffer.from(Uint8Array.from(values, (value) => (value ? 1 : 0)))
  const stored = dtype === 3 ? Int32Array.from(values) : Float32Array.from(values)
  return Buffer.from(stored.buffer)
}

const constantNode = (name: string, { dtype, shape }: Constant, content: Buffer): Buffer => {
  const value = message(whole(1, dtype), bytes(2, shapeProto(shape)), bytes(4, content))
  return node(name, "Const", [], [typed("dtype", dtype), ["value", bytes(8, value)]])
}

/** A graph as bytes: its inputs are the nodes `i0`, `i1`, ..., its outputs `o0`, `o1`, ... */
export interface Graph {
  readonly content: Buffer
  /** Numbers of the tensors that it reads, in the order of its inputs. */
  readonly inputs: ReadonlyArray<number>
  readonly outputs: number
}

/** What a graph is made of. */
export interface GraphOf {
  readonly recording: Recording
  /** Tensors that come from outside, as far as they are used. */
  readonly given: ReadonlyMap<number, TensorFacts>
  /** The tensors that the graph computes. */
  readonly outputs: ReadonlyArray<number>
}

/** Version of the graph format, which of TensorFlow 2.15 is higher than 1600; older versions accept it too. */
const PRODUCER = 1600

/**
 * Makes the graph that computes some recorded tensors. Operations on which they do not depend are left out. The same
 * operations give the same bytes.
 *
 * @throws NoGraph if they depend on a tensor of unknown origin, or on an operation with an effect of its own
 */
export const graphOf = ({ given, outputs, recording }: GraphOf): Graph => {
  const makers = new Map<number, readonly [operation: Operation, output: number]>()
  for (const operation of recording.operations) {
    operation.outputs.forEach(({ id }, output) => void makers.set(id, [operation, output]))
  }
  const nodes: Array<Buffer> = []
  const inputs: Array<number> = []
  const names = new Map<number, string>()
  const constants = new Map<string, string>()

  const constant = (found: Constant): string => {
    const content = contentOf(found)
    const key = `${found.dtype} ${found.shape} ${content.toString("base64")}`
    const known = constants.get(key)
    if (known !== undefined) return known
    const name = `c${constants.size}`
    constants.set(key, name)
    nodes.push(constantNode(name, found, content))
    return name
  }
  const outside = (id: number): string => {
    const facts = given.get(id)
    if (facts !== undefined) {
      nodes.push(placeholder(`i${inputs.length}`, facts))
      return `i${inputs.push(id) - 1}`
    }
    const found = recording.constants.get(id)
    if (found === undefined) throw new NoGraph("it uses a tensor from outside the network")
    return constant(found)
  }
  const add = ({ attributes, inputs, name, outputs }: Operation): void => {
    if (STATEFUL.test(name)) throw new NoGraph(`the operation ${name} has an effect of its own`)
    if (outputs.some(({ dtype }) => !TYPES.has(dtype))) throw new NoGraph(`the operation ${name} has an unusual type`)
    const own = `n${nodes.length}`
    const from = inputs.map((id) => names.get(id) as string)
    nodes.push(
      node(
        own,
        name,
        from,
        attributes.map((one) => [one.name, attribute(one)] as const)
      )
    )
    outputs.forEach(({ id }, i) => void names.set(id, i === 0 ? own : `${own}:${i}`))
  }
  // A loop instead of recursion: networks may be deeper than the stack of calls.
  const waiting = [...outputs].reverse()
  while (waiting.length > 0) {
    const id = waiting[waiting.length - 1]
    const maker = given.has(id) ? undefined : makers.get(id)
    const missing = (maker?.[0].inputs ?? []).filter((input) => !names.has(input))
    if (!names.has(id) && missing.length > 0) {
      waiting.push(...missing)
      continue
    }
    waiting.pop()
    if (names.has(id)) continue
    if (maker === undefined) names.set(id, outside(id))
    else add(maker[0])
  }
  const dtypeOf = (id: number): number =>
    given.get(id)?.dtype ?? makers.get(id)?.[0].outputs[makers.get(id)?.[1] ?? 0].dtype ?? 1
  // TensorFlow may fuse an operation away although a function returns its result, but never an Identity.
  outputs.forEach((id, i) => {
    nodes.push(node(`o${i}`, "Identity", [names.get(id) as string], [typed("T", dtypeOf(id))]))
  })
  const versions = bytes(4, message(whole(1, PRODUCER), whole(2, 12)))
  return { content: Buffer.concat([...nodes, versions]), inputs, outputs: outputs.length }
}
