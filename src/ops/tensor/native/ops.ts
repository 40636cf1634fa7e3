/** Operations of native TensorFlow by their own names, below TensorFlow.js's kernels. */
import type { Info, Tensor, Tf } from "../tfjs.ts"

/** The name under which TensorFlow.js knows the backend. */
export const BACKEND = "tensorflow"

interface Data {
  readonly shape: ReadonlyArray<number>
  readonly dtype: number
  readonly values: null
  /** Number of the tensor in the binding. */
  readonly id: number
}

interface Binding {
  readonly createTensor: (shape: ReadonlyArray<number>, dtype: number, values: Float32Array) => number
  readonly deleteTensor: (id: number) => void
  readonly executeOp: (
    name: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<number>,
    outputs: number
  ) => ReadonlyArray<{ readonly id: number }>
  readonly TF_Version: string
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_SHAPE: number
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_RESOURCE: number
}

interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

interface Backend {
  readonly binding: Binding
  /** What the backend knows of the data of tensors; without `values`, they are in TensorFlow's memory. */
  readonly tensorMap: { readonly set: (dataId: object, data: Data) => void }
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
  /**
   * A number that is used again and again, as an operand. It belongs to the engine and is not among its tensors. Networks that
   * are recorded use `scalar`.
   */
  readonly number: (value: number) => Info
  /** The handle of a variable of float32 values, which exists as long as the process. It is not among the tensors either. */
  readonly variable: (name: string) => Info
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

/** Numbers that are kept, of which an update needs six. */
const MOST_NUMBERS = 32

/** Operands that TensorFlow.js does not know as tensors: making and freeing those takes as long as small operations. */
const operandsOf = (backend: Backend): Pick<Native, "number" | "variable"> => {
  const { binding } = backend
  const numbers = new Map<number, Info & { readonly id: number }>()
  const variables = new Map<string, Info>()
  const operand = (id: number, dtype: number): Info & { readonly id: number } => {
    const dataId = {}
    backend.tensorMap.set(dataId, { shape: [], dtype, values: null, id })
    return { dataId, shape: [], dtype: "float32", id }
  }
  return {
    number: (value) => {
      const made =
        numbers.get(value) ??
        operand(binding.createTensor([], binding.TF_FLOAT, Float32Array.of(value)), binding.TF_FLOAT)
      // The newest come last. An operation needs fewer numbers than are kept, so none of its own is freed.
      numbers.delete(value)
      const [oldest] = numbers
      if (numbers.size === MOST_NUMBERS) {
        numbers.delete(oldest[0])
        binding.deleteTensor(oldest[1].id)
      }
      numbers.set(value, made)
      return made
    },
    variable: (name) => {
      const known = variables.get(name)
      if (known !== undefined) return known
      const attributes = {
        type: { dtype: "float32" },
        string: { container: "", shared_name: name },
        shape: { shape: [] }
      } as const
      const [{ id }] = binding.executeOp("VarHandleOp", list(binding, attributes), [], 1)
      const made = operand(id, binding.TF_RESOURCE)
      variables.set(name, made)
      return made
    }
  }
}

/** Returns the operations of the backend that the native package has registered. */
export const nativeOps = (tf: Tf): Native => {
  const backend = tf.engine().findBackend(BACKEND) as unknown as Backend
  const { binding } = backend
  const lists = new WeakMap<Attributes, ReadonlyArray<Attribute>>()
  /** The list of attributes, which is made once for attributes that never change. */
  const listed = (attributes: Attributes): ReadonlyArray<Attribute> => {
    const known = lists.get(attributes) ?? list(binding, attributes)
    lists.set(attributes, known)
    return known
  }
  const runMany: Native["runMany"] = (name, attributes, inputs, outputs) =>
    backend.executeMultipleOutputs(name, listed(attributes), inputs, outputs)
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
    scalar: (value) => tf.scalar(value, "float32"),
    ...operandsOf(backend)
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
