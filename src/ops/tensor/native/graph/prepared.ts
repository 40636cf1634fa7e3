/**
 * Moves computations that depend on weights alone out of a recorded network, for networks whose weights do not change: they run
 * once instead of in every batch. Batch norms by given statistics become such computations: with s = gamma / sqrt(var + epsilon),
 * the norm of a convolution is the convolution with the filter w s, plus beta - mean s, which TensorFlow adds in the same operation.
 */
import type { Attribute, Constant, Operation, Recording, TensorFacts } from "./recorder.ts"

/** `TF_AttrType` of TensorFlow's C API, and types of tensors. */
const [STRING, TYPE] = [0, 4]
const [FLOAT32, INT32] = [1, 3]

const T: Attribute = { name: "T", type: TYPE, value: FLOAT32 }
const RESHAPE: ReadonlyArray<Attribute> = [T, { name: "Tshape", type: TYPE, value: INT32 }]
const BIAS: ReadonlyArray<Attribute> = [T, { name: "data_format", type: STRING, value: "NHWC" }]

const attributeOf = ({ attributes }: Operation, name: string): unknown =>
  attributes.find((attribute) => attribute.name === name)?.value

/** Number of uses of each tensor. */
const usesOf = (operations: ReadonlyArray<Operation>, outputs: ReadonlyArray<number>): ReadonlyMap<number, number> => {
  const uses = new Map<number, number>()
  for (const id of [...operations.flatMap(({ inputs }) => inputs), ...outputs]) uses.set(id, (uses.get(id) ?? 0) + 1)
  return uses
}

/** Operations that the outputs depend on. */
const living = (operations: ReadonlyArray<Operation>, outputs: ReadonlyArray<number>): ReadonlyArray<Operation> => {
  const needed = new Set(outputs)
  const alive: Array<Operation> = []
  for (const operation of [...operations].reverse()) {
    if (!operation.outputs.some(({ id }) => needed.has(id))) continue
    for (const id of operation.inputs) needed.add(id)
    alive.push(operation)
  }
  return alive.reverse()
}

/** Tensors that follow from weights and constants alone, and at least from one weight. */
const derived = (
  { constants, operations }: Recording,
  weights: ReadonlyMap<number, TensorFacts>
): ReadonlyMap<number, TensorFacts> => {
  const found = new Map<number, TensorFacts>(weights)
  for (const { inputs, outputs } of operations) {
    if (!inputs.every((id) => found.has(id) || constants.has(id)) || !inputs.some((id) => found.has(id))) continue
    for (const output of outputs) found.set(output.id, output)
  }
  return found
}

/** Adds operations and constants to a recording, under numbers that the binding never uses. */
const writerOf = (constants: Map<number, Constant>) => {
  const operations: Array<Operation> = []
  let last = 0
  const run = (name: string, inputs: ReadonlyArray<number>, shape: ReadonlyArray<number>, attributes = [T]): number => {
    const id = --last
    operations.push({ name, attributes, inputs, outputs: [{ id, shape, dtype: FLOAT32 }] })
    return id
  }
  const constant = (values: Float32Array | Int32Array, shape: ReadonlyArray<number>): number => {
    const id = --last
    constants.set(id, { id, shape, dtype: values instanceof Int32Array ? INT32 : FLOAT32, values })
    return id
  }
  const reshape = (id: number, shape: ReadonlyArray<number>): number =>
    run("Reshape", [id, constant(Int32Array.from(shape), [shape.length])], shape, [...RESHAPE])
  return { operations, run, constant, reshape }
}

type Writer = ReturnType<typeof writerOf>

/** A product of images and something that depends on weights alone, whose last axis is the channels. */
interface Product {
  readonly operation: Operation
  /** The operation that gives the product its shape, if there is one. */
  readonly shaped: Operation | undefined
}

/** Returns filters times a factor per channel. */
const scaled = (writer: Writer, name: string, filter: TensorFacts, scale: number, channels: number): number => {
  const { id, shape } = filter
  if (name === "Conv2D") return writer.run("Mul", [id, scale], shape)
  // The columns of a matrix are channels of several pixels.
  const rows = [-1, channels]
  return writer.reshape(writer.run("Mul", [writer.reshape(id, rows), scale], rows), shape)
}

/** Replaces batch norms of products by filters and shifts that follow from the weights. */
const withoutNorms = (
  recording: Recording,
  weights: ReadonlyMap<number, TensorFacts>,
  outputs: ReadonlyArray<number>
): Recording => {
  const constants = new Map(recording.constants)
  const writer = writerOf(constants)
  const uses = usesOf(recording.operations, outputs)
  const known = derived(recording, weights)
  const makers = new Map(recording.operations.flatMap((one) => one.outputs.map(({ id }) => [id, one] as const)))
  const once = (id: number): Operation | undefined => (uses.get(id) === 1 ? makers.get(id) : undefined)

  const productOf = (id: number): Product | undefined => {
    const maker = once(id)
    const operation = maker?.name === "Reshape" ? once(maker.inputs[0]) : maker
    if (operation === undefined || !known.has(operation.inputs[1])) return undefined
    const shaped = operation === maker ? undefined : maker
    // Not depthwise convolutions: TensorFlow 2.15 would join them with the shift and lose their padding.
    const name = shaped === undefined ? "Conv2D" : "MatMul"
    return operation.name === name && attributeOf(operation, "transpose_b") !== true ? { operation, shaped } : undefined
  }
  const fold = (norm: Operation): boolean => {
    const [x, gamma, beta, mean, variance] = norm.inputs
    const [y, ...others] = norm.outputs
    const product = productOf(x)
    if (product === undefined || attributeOf(norm, "is_training") === true) return false
    if (norm.inputs.slice(1).some((id) => !known.has(id)) || others.some(({ id }) => uses.has(id))) return false
    const { run } = writer
    const { operation, shaped } = product
    const [images, filter, ...rest] = operation.inputs
    const shape = known.get(gamma)?.shape ?? []
    const epsilon = writer.constant(Float32Array.of(attributeOf(norm, "epsilon") as number), [])
    const scale = run("Mul", [gamma, run("Rsqrt", [run("AddV2", [variance, epsilon], shape)], shape)], shape)
    const shift = run("Sub", [beta, run("Mul", [mean, scale], shape)], shape)
    const factors = scaled(writer, operation.name, known.get(filter) as TensorFacts, scale, shape[0])
    const [{ shape: size }] = operation.outputs
    const whole = run(operation.name, [images, factors, ...rest], size, [...operation.attributes])
    const image = shaped === undefined ? whole : run("Reshape", [whole, shaped.inputs[1]], y.shape, [...RESHAPE])
    writer.operations.push({ name: "BiasAdd", attributes: BIAS, inputs: [image, shift], outputs: [y] })
    return true
  }
  for (const operation of recording.operations) {
    if (operation.name !== "FusedBatchNormV3" || !fold(operation)) writer.operations.push(operation)
  }
  return { operations: writer.operations, constants }
}

/** A recording whose weights do not change. */
export interface Prepared {
  readonly recording: Recording
  /** Tensors that are computed once: the rest of the network reads them in place of weights. */
  readonly prepared: ReadonlyArray<TensorFacts>
}

/** Tensors of a recording, by their numbers. */
export interface Ends {
  readonly images: number
  /** Tensors that do not change. */
  readonly weights: ReadonlyMap<number, TensorFacts>
  readonly outputs: ReadonlyArray<number>
}

/** Finds the tensors of a recording that follow from weights alone. */
export const preparedOf = (whole: Recording, { images, outputs, weights }: Ends): Prepared => {
  // The values of the images, too, came from JavaScript while the network was recorded.
  const constant = new Map([...whole.constants].filter(([id]) => id !== images))
  const { constants, operations } = withoutNorms({ ...whole, constants: constant }, weights, outputs)
  const recording = { constants, operations: living(operations, outputs) }
  const known = derived(recording, weights)
  const read = recording.operations.filter((operation) => !operation.outputs.some(({ id }) => known.has(id)))
  const ids = new Set([...read.flatMap(({ inputs }) => inputs), ...outputs])
  const prepared = [...known.values()].filter(({ id }) => ids.has(id) && !weights.has(id))
  return { recording, prepared }
}
