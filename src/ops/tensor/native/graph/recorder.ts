/**
 * Records what runs on TensorFlow. Every operation, whether a kernel of TensorFlow.js or our own, reaches the compiled binding
 * through two calls; during a recording they are noted on their way.
 */

/** Shape and number of the type of a tensor, as the binding gives them. */
export interface TensorFacts {
  /** Number of the tensor in the binding. Numbers are never used twice. */
  readonly id: number
  readonly shape: ReadonlyArray<number>
  /** As in TensorFlow's `DataType`: 1 is float32, 3 is int32. */
  readonly dtype: number
}

/** An attribute of an operation, as the binding expects it. */
export interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

export type Values = ArrayLike<number>

/** The calls of the compiled binding that a recording notes. */
export interface RecordedBinding {
  readonly createTensor: (shape: ReadonlyArray<number>, dtype: number, values: Values) => number
  readonly executeOp: (
    name: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<number>,
    outputs: number
  ) => Array<TensorFacts>
}

export interface Operation {
  readonly name: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly inputs: ReadonlyArray<number>
  readonly outputs: ReadonlyArray<TensorFacts>
}

/** A tensor that was made of values of JavaScript. */
export interface Constant extends TensorFacts {
  readonly values: Values
}

export interface Recording {
  readonly operations: ReadonlyArray<Operation>
  /** By their numbers. */
  readonly constants: ReadonlyMap<number, Constant>
}

/** The backend of TensorFlow.js whose binding is exchanged during a recording. */
export interface RecordedBackend {
  binding: RecordedBinding
}

/** Runs `body` as usual, and notes its operations. @param body is given a function that counts the operations so far */
export const recorded = <A>(
  backend: RecordedBackend,
  body: (count: () => number) => A
): { readonly result: A; readonly recording: Recording } => {
  const real = backend.binding
  const operations: Array<Operation> = []
  const constants = new Map<number, Constant>()
  const noting: RecordedBinding = {
    createTensor: (shape, dtype, values) => {
      const id = real.createTensor(shape, dtype, values)
      constants.set(id, { id, shape, dtype, values })
      return id
    },
    executeOp: (name, attributes, inputs, outputs) => {
      const found = real.executeOp(name, attributes, inputs, outputs)
      operations.push({ name, attributes, inputs, outputs: found })
      return found
    }
  }
  // Properties of a compiled module are copied one by one: its own are read-only.
  const names = Object.getOwnPropertyNames(real) as Array<keyof RecordedBinding>
  backend.binding = { ...Object.fromEntries(names.map((name) => [name, real[name]])), ...noting }
  try {
    const result = body(() => operations.length)
    return { result, recording: { operations, constants } }
  } finally {
    backend.binding = real
  }
}
