/**
 * The objects in pickles of PyTorch: storages under persistent ids, and calls that make tensors from them. The allowed names
 * are those of `torch.load(weights_only=True)`.
 */
import { FileFault, shortName } from "../source.ts"
import { countOf, MOST_AXES, type StoredType, type Strided, WIDTHS } from "../values.ts"
import { Global, type Objects } from "./pickle-machine.ts"

const STORAGES: Readonly<Record<string, StoredType>> = {
  "torch FloatStorage": "float32",
  "torch DoubleStorage": "float64",
  "torch HalfStorage": "float16",
  "torch BFloat16Storage": "bfloat16",
  "torch LongStorage": "int64",
  "torch IntStorage": "int32",
  "torch ShortStorage": "int16",
  "torch CharStorage": "int8",
  "torch ByteStorage": "uint8",
  "torch BoolStorage": "bool",
  // Tensors that `_rebuild_tensor_v3` makes name their own type.
  "torch.storage UntypedStorage": "uint8",
  "torch UntypedStorage": "uint8"
}
/** Types of values by their names in `_rebuild_tensor_v3`. */
const DTYPES: Readonly<Record<string, StoredType>> = {
  "torch float32": "float32",
  "torch float": "float32",
  "torch float64": "float64",
  "torch double": "float64",
  "torch float16": "float16",
  "torch half": "float16",
  "torch bfloat16": "bfloat16",
  "torch int64": "int64",
  "torch int32": "int32",
  "torch int16": "int16",
  "torch int8": "int8",
  "torch uint8": "uint8",
  "torch bool": "bool"
}
/** Names of types that occur as plain values, such as `torch.float32` in a configuration. */
const IS_TYPE =
  /^torch (\w+Tensor|u?int\d*|b?float\w*|complex\w*|half|double|long|short|cfloat|cdouble|chalf|bool|q\w+)$/

/** Largest number of values of a tensor that repeats values of its storage by a stride of 0. */
const MOST_REPEATED = 1 << 20

/** Consecutive values in the file. */
export interface Storage {
  readonly key: string
  readonly type: StoredType
  /** Number of values. */
  readonly count: number
}

/** Part of a storage, in values; usually all of it. */
interface View {
  readonly storage: Storage
  readonly from: number
  readonly count: number
}

/** A tensor as a pickle describes it; the file keeps its values elsewhere. */
export class PickledTensor {
  readonly storage: Storage
  readonly strided: Strided
  /** Whether the tensor is the negative of the stored values: PyTorch's negative bit. */
  readonly negated: boolean
  constructor(storage: Storage, strided: Strided, negated = false) {
    this.storage = storage
    this.strided = strided
    this.negated = negated
  }
}

/** A PyTorch file: its object, and a reader of the bytes of its storages. */
export interface Pth {
  readonly value: unknown
  /** A copy of `length` bytes of a storage, from its byte `from` on. @throws FileFault */
  readonly storage: (storage: Storage, from: number, length: number) => Uint8Array<ArrayBuffer>
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const areCounts = (value: unknown): value is ReadonlyArray<number> => Array.isArray(value) && value.every(isCount)

/** ("storage", type, key, location, count), in the legacy format with None or (key, first value, count) of a view. */
const storageOf = (id: unknown): View => {
  const [tag, global, key, , count, view] = Array.isArray(id) ? id : []
  const type = global instanceof Global ? STORAGES[global.path] : undefined
  if (tag !== "storage" || type === undefined || typeof key !== "string" || !isCount(count)) {
    throw new FileFault("has a tensor without a valid storage")
  }
  const storage = { key, type, count }
  if (view === undefined || view === null) return { storage, from: 0, count }
  const [, from, seen] = Array.isArray(view) ? view : []
  if (!isCount(from) || !isCount(seen) || from + seen > count) throw new FileFault("has a storage with a damaged view")
  return { storage, from, count: seen }
}

const isView = (value: unknown): value is View => typeof value === "object" && value !== null && "storage" in value

/** Whether metadata of a tensor set the negative bit. @throws FileFault for metadata that is not understood */
const isNegated = (metadata: unknown): boolean => {
  if (metadata === undefined || metadata === null) return false
  if (!(metadata instanceof Map)) throw new FileFault("has a tensor whose metadata is not a dict")
  for (const [key, value] of metadata) {
    // Real values are their own conjugates, and complex storages are refused.
    if (value !== false && key !== "neg" && key !== "conj") {
      const named = typeof key === "string" ? `\`${shortName(key)}\`` : "of an unknown kind"
      throw new FileFault(`has a tensor with the metadata ${named}, which this program does not apply`)
    }
  }
  return metadata.get("neg") === true
}

/** A tensor over a view of a storage: its first value, its shape and strides, counted in values. */
const tensorOf = (
  given: unknown,
  offset: unknown,
  shape: unknown,
  stride: unknown,
  metadata?: unknown
): PickledTensor => {
  if (
    !isView(given) ||
    !isCount(offset) ||
    !areCounts(shape) ||
    !areCounts(stride) ||
    shape.length !== stride.length ||
    shape.length > MOST_AXES
  ) {
    throw new FileFault("has a tensor whose description is damaged")
  }
  const count = countOf(shape)
  const last = count === 0 ? -1 : shape.reduce((index, n, axis) => index + (n - 1) * stride[axis], offset)
  if (last >= given.count || count > Math.max(given.count, MOST_REPEATED)) {
    throw new FileFault(`has a tensor [${shape.join(", ")}] that does not fit its storage of ${given.count} values`)
  }
  return new PickledTensor(given.storage, { shape, stride, offset: given.from + offset }, isNegated(metadata))
}

/** A view of untyped bytes as values of a type. */
const typed = (given: unknown, dtype: unknown): View => {
  const path = dtype instanceof Global ? dtype.path : ""
  const type = DTYPES[path]
  if (type === undefined) throw new FileFault(`has a tensor of the type ${shortName(path.replace(" ", "."))}`)
  if (!isView(given) || given.storage.type !== "uint8") throw new FileFault("has a tensor without a valid storage")
  const width = WIDTHS[type]
  const { key, count } = given.storage
  return {
    storage: { key, type, count: Math.floor(count / width) },
    from: Math.floor(given.from / width),
    count: Math.floor(given.count / width)
  }
}

const dictOf = ([entries = []]: ReadonlyArray<unknown>): Map<unknown, unknown> => {
  if (entries instanceof Map) return new Map(entries)
  const sound = Array.isArray(entries) && entries.every((pair) => Array.isArray(pair) && pair.length === 2)
  if (!sound) throw new FileFault("has a dict whose entries are damaged")
  return new Map(entries as ReadonlyArray<[unknown, unknown]>)
}

/** A call that gives the tensor among its arguments. */
const sameTensor = ([tensor]: ReadonlyArray<unknown>): PickledTensor => {
  if (tensor instanceof PickledTensor) return tensor
  throw new FileFault("has a parameter that is not a tensor")
}

const firstOf = ([value = null]: ReadonlyArray<unknown>): unknown => value

/** Calls by name; further arguments do not affect values. */
const CALLS: Readonly<Record<string, (args: ReadonlyArray<unknown>) => unknown>> = {
  "collections OrderedDict": dictOf,
  "collections Counter": dictOf,
  "torch Size": firstOf,
  "torch device": firstOf,
  "torch.serialization _get_layout": firstOf,
  "builtins set": firstOf,
  "__builtin__ set": firstOf,
  "builtins bytearray": firstOf,
  "__builtin__ bytearray": firstOf,
  "_codecs encode": firstOf,
  "builtins complex": firstOf,
  "__builtin__ complex": firstOf,
  "torch._utils _rebuild_tensor": ([storage, offset, shape, stride]) => tensorOf(storage, offset, shape, stride),
  "torch._utils _rebuild_tensor_v2": ([storage, offset, shape, stride, , , metadata]) =>
    tensorOf(storage, offset, shape, stride, metadata),
  "torch._utils _rebuild_tensor_v3": ([storage, offset, shape, stride, , , dtype, metadata]) =>
    tensorOf(typed(storage, dtype), offset, shape, stride, metadata),
  "torch._utils _rebuild_parameter": sameTensor,
  "torch._utils _rebuild_parameter_with_state": sameTensor,
  "torch.nn.parameter Parameter": sameTensor,
  "torch.autograd.variable Variable": sameTensor,
  // (function, class, arguments, attributes) of a tensor that has attributes.
  "torch._tensor _rebuild_from_type_v2": ([made, , args]) => {
    if (!(made instanceof Global) || !Array.isArray(args) || !/ _rebuild_(tensor|parameter)/.test(made.path)) {
      throw new FileFault("has a tensor that is made in an unknown way")
    }
    return call(made.path, args)
  }
}

/** Names that are values by themselves. */
const CONSTANTS: ReadonlySet<string> = new Set(["torch Tensor", "torch strided", "torch contiguous_format"])

const call = (path: string, args: ReadonlyArray<unknown>): unknown => {
  const known = Object.hasOwn(CALLS, path) ? CALLS[path] : undefined
  if (known === undefined) throw new FileFault(`calls ${path.replace(" ", ".")} in a way that makes no tensor`)
  return known(args)
}

const WHOLE_MODEL = `If you trust the file, save its weights alone: python -c "import torch; torch.save(torch.load('FILE', map_location='cpu', weights_only=False).state_dict(), 'weights.pth')"`
const PART =
  "If you trust the file, save its weights alone, under their key in place of 'state_dict': " +
  `python -c "import torch; torch.save(torch.load('FILE', map_location='cpu', weights_only=False)['state_dict'], 'weights.pth')"`

/** Packages whose models are saved whole, and packages whose settings training programs save beside weights. */
const MODELS = /^(torch|torchvision|timm|torchgeo)(\.\w+)* \w+$/
const SETTINGS =
  /^(argparse|pathlib|omegaconf|yacs|easydict|lightning|pytorch_lightning|lightning_fabric|torchmetrics|transformers)(\.\w+)* \w+$/

/**
 * The line of Python that converts a file, which runs the file's own code. It is given for names of known packages only: a
 * name that is unknown may be a damaged byte or an attack, and then nobody should be led to run it.
 */
const remedyFor = (path: string): string | undefined =>
  MODELS.test(path) ? WHOLE_MODEL : SETTINGS.test(path) ? PART : undefined

/** Names that are refused, by what they are. */
const refused = (path: string): FileFault => {
  const name = shortName(path.replace(" ", "."))
  if (/^numpy\b/.test(path)) return new FileFault(`holds NumPy values (${name}) beside its weights`, PART)
  if (path.startsWith("__torch__")) return torchScript()
  if (/^torch Complex\w+Storage$/.test(path)) return new FileFault(`holds complex values (${name})`)
  if (/^torch Q\w+Storage$| _rebuild_qtensor$/.test(path)) return new FileFault(`holds quantised values (${name})`)
  if (/ _rebuild_sparse/.test(path)) return new FileFault(`holds sparse tensors (${name})`)
  if (/^torch\.\w+(\.\w+)* _rebuild_|^torch \w+Storage$/.test(path)) {
    return new FileFault(`holds tensors of an unsupported kind (${name})`)
  }
  return new FileFault(`uses ${name}, which is not part of weights`, remedyFor(path))
}

/** A file of `torch.jit.save`, which is a program with its weights. */
export const torchScript = (): FileFault =>
  new FileFault(
    "is a TorchScript program, not a state dict",
    `Save its weights alone: python -c "import torch; torch.save(torch.jit.load('FILE', map_location='cpu').state_dict(), 'weights.pth')"`
  )

/**
 * The objects of one file.
 *
 * @param found is called with each storage that the file mentions
 * @param persistent object of a persistent id that is not a storage; by default there is no such id
 */
export const torchObjects = (
  found: (storage: Storage) => void = () => undefined,
  persistent?: (id: unknown) => unknown
): Objects => ({
  allows: (path) =>
    Object.hasOwn(CALLS, path) || Object.hasOwn(STORAGES, path) || CONSTANTS.has(path) || IS_TYPE.test(path),
  refused,
  call,
  persistent: (id) => {
    const other = persistent?.(id)
    if (other !== undefined) return other
    const view = storageOf(id)
    found(view.storage)
    return view
  }
})

/** A tensor over a part of a storage, as the tar format describes it. */
export const wholeTensor = (
  storage: Storage,
  from: number,
  count: number,
  { offset, shape, stride }: { readonly offset: unknown; readonly shape: unknown; readonly stride: unknown }
): PickledTensor => tensorOf({ storage, from, count }, offset, shape, stride)

/** The type of a storage class such as `torch.FloatStorage`. */
export const storageType = (value: unknown): StoredType | undefined =>
  value instanceof Global ? STORAGES[value.path] : undefined

/** Size of a storage in a file, in bytes. */
export const bytesOf = ({ type, count }: Storage): number => count * WIDTHS[type]
