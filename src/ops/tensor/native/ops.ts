/** Operations of native TensorFlow by their own names, below TensorFlow.js's kernels. */
import type { Info, Tensor, Tf } from "../tfjs.ts"

/** The name under which TensorFlow.js knows the backend. */
export const BACKEND = "tensorflow"

interface Binding {
  readonly TF_Version: string
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_SHAPE: number
  readonly TF_FLOAT: number
  readonly TF_INT32: number
}

interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

interface Backend {
  readonly binding: Binding
  readonly isUsingGpuDevice: boolean
  readonly executeMultipleOutputs: (
    name: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<Info>,
    outputs: number
  ) => Array<Tensor>
}

/** Attributes of an operation by type; TensorFlow does not infer types. */
export interface Attributes {
  readonly type?: Readonly<Record<string, "float32" | "int32">>
  readonly int?: Readonly<Record<string, number | ReadonlyArray<number>>>
  readonly float?: Readonly<Record<string, number>>
  readonly bool?: Readonly<Record<string, boolean>>
  readonly string?: Readonly<Record<string, string>>
  readonly shape?: Readonly<Record<string, ReadonlyArray<number>>>
}

export interface Native {
  /** Version of TensorFlow's libraries. */
  readonly version: string
  readonly gpu: boolean
  /** Runs an operation with one output. The caller or the enclosing scope disposes it. */
  readonly run: (name: string, attributes: Attributes, inputs: ReadonlyArray<Info>) => Tensor
  /** Runs an operation with any number of outputs, including none. */
  readonly runMany: (
    name: string,
    attributes: Attributes,
    inputs: ReadonlyArray<Info>,
    outputs: number
  ) => Array<Tensor>
  /** Returns the same values with another shape; nothing is copied. */
  readonly reshape: (x: Info, shape: ReadonlyArray<number>) => Tensor
  readonly floats: (values: ReadonlyArray<number>) => Tensor
  readonly ints: (values: ReadonlyArray<number>, shape?: ReadonlyArray<number>) => Tensor
  readonly scalar: (value: number) => Tensor
}

const list = (binding: Binding, { type, int, float, bool, string, shape }: Attributes): Array<Attribute> => {
  const of = (values: Readonly<Record<string, unknown>> | undefined, kind: number): Array<Attribute> =>
    values === undefined ? [] : Object.entries(values).map(([name, value]) => ({ name, type: kind, value }))
  const types = Object.entries(type ?? {}).map(([name, dtype]) => ({
    name,
    type: binding.TF_ATTR_TYPE,
    value: dtype === "float32" ? binding.TF_FLOAT : binding.TF_INT32
  }))
  return [
    ...types,
    ...of(int, binding.TF_ATTR_INT),
    ...of(float, binding.TF_ATTR_FLOAT),
    ...of(bool, binding.TF_ATTR_BOOL),
    ...of(string, binding.TF_ATTR_STRING),
    ...of(shape, binding.TF_ATTR_SHAPE)
  ]
}

/** Returns the operations of the backend that the native package has registered. */
export const nativeOps = (tf: Tf): Native => {
  const backend = tf.engine().findBackend(BACKEND) as unknown as Backend
  const { binding } = backend
  const runMany: Native["runMany"] = (name, attributes, inputs, outputs) =>
    backend.executeMultipleOutputs(name, list(binding, attributes), inputs, outputs)
  const ints: Native["ints"] = (values, shape = [values.length]) => tf.tensor([...values], [...shape], "int32")
  return {
    version: binding.TF_Version,
    gpu: backend.isUsingGpuDevice,
    run: (name, attributes, inputs) => runMany(name, attributes, inputs, 1)[0],
    runMany,
    reshape: (x, shape) =>
      using([ints(shape)], (size) => runMany("Reshape", { type: { T: "float32", Tshape: "int32" } }, [x, size], 1)[0]),
    floats: (values) => tf.tensor1d([...values], "float32"),
    ints,
    scalar: (value) => tf.scalar(value, "float32")
  }
}

/** Runs `body` on temporary tensors and then frees them. */
export const using = <const T extends ReadonlyArray<Tensor>, A>(temporaries: T, body: (...temporaries: T) => A): A => {
  try {
    return body(...temporaries)
  } finally {
    for (const temporary of temporaries) temporary.dispose()
  }
}
