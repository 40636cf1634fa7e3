/** What PyTorch puts into its pickles: storages under persistent ids, and calls that make tensors of them. */

import { FileFault } from "../source.ts"
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
  "torch BoolStorage": "bool"
}
const FUNCTIONS: ReadonlySet<string> = new Set([
  "collections OrderedDict",
  "torch._utils _rebuild_tensor_v2",
  "torch._utils _rebuild_parameter"
])
/** Values of a tensor beyond those of its storage: repeated ones, by a stride of 0. */
const MOST_REPEATED = 1 << 20

/** A run of values that tensors look into. */
export interface Storage {
  readonly key: string
  readonly type: StoredType
  /** Number of values. */
  readonly count: number
}

/** A tensor as a pickle describes it; its values stand elsewhere. */
export class PickledTensor {
  readonly storage: Storage
  readonly strided: Strided
  constructor(storage: Storage, strided: Strided) {
    this.storage = storage
    this.strided = strided
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const areCounts = (value: unknown): value is ReadonlyArray<number> => Array.isArray(value) && value.every(isCount)

/** ("storage", type, key, location, count), and a view in the legacy format, which is None for whole storages. */
const storageOf = (id: unknown): Storage => {
  const [tag, global, key, , count, view] = Array.isArray(id) ? id : []
  const type = global instanceof Global ? STORAGES[global.path] : undefined
  const sound = tag === "storage" && type !== undefined && typeof key === "string" && isCount(count)
  if (!sound || (view !== undefined && view !== null)) throw new FileFault("has a tensor without a valid storage")
  return { key, type, count }
}

/** (storage, offset, shape, stride, ...). */
const tensorOf = ([storage, offset, shape, stride]: ReadonlyArray<unknown>): PickledTensor => {
  const given = typeof storage === "object" && storage !== null && "count" in storage ? (storage as Storage) : undefined
  if (
    given === undefined ||
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
  return new PickledTensor(given, { shape, stride, offset })
}

const orderedDict = (args: ReadonlyArray<unknown>): Map<unknown, unknown> => {
  const [pairs = []] = args
  const sound = Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair) && pair.length === 2)
  if (!sound) throw new FileFault("has a dict whose entries are damaged")
  return new Map(pairs as ReadonlyArray<[unknown, unknown]>)
}

const call = (path: string, args: ReadonlyArray<unknown>): unknown => {
  if (path === "collections OrderedDict") return orderedDict(args)
  if (path === "torch._utils _rebuild_tensor_v2") return tensorOf(args)
  const [tensor] = args
  if (path === "torch._utils _rebuild_parameter" && tensor instanceof PickledTensor) return tensor
  throw new FileFault(`calls ${path.replace(" ", ".")} in a way that makes no tensor`)
}

export const torchObjects: Objects = {
  allows: (path) => FUNCTIONS.has(path) || Object.hasOwn(STORAGES, path),
  call,
  persistent: storageOf
}

/** Bytes that a storage takes in a file. */
export const bytesOf = ({ type, count }: Storage): number => count * WIDTHS[type]
