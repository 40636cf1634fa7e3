/** Weights of PyTorch in memory as plain arrays, for programs that read them without a network of ours. */
import { DataError } from "../../../formats/data-error.ts"
import { bytesSource, FileFault } from "../source.ts"
import type { StoredType } from "../values.ts"
import { readPth, stateDict } from "./pth.ts"

/** An array for each type; halves are widened, truth values are 0 and 1. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array
} as const

/** A tensor of a PyTorch file. */
export interface PyTorchTensor {
  /** Name in the state dict, such as `layer1.0.conv1.weight`. */
  readonly name: string
  /** Type in the file, under PyTorch's name. */
  readonly type: StoredType
  readonly shape: ReadonlyArray<number>
  /** Row-major values; float16 and bfloat16 as float32, `bool` as 0 and 1. */
  readonly data: Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array
}

/** The state dict of a PyTorch file. */
export interface PyTorchFile {
  readonly tensors: ReadonlyArray<PyTorchTensor>
  /** Key of the state dict in the file, such as `state_dict`; undefined if it is the whole file. */
  readonly key: string | undefined
  /** Keys of the other state dicts in the file. */
  readonly others: ReadonlyArray<string>
}

const arrayOf = (type: StoredType, values: ReadonlyArray<number | bigint>): PyTorchTensor["data"] =>
  (ARRAYS[type] as { readonly from: (values: ReadonlyArray<number | bigint>) => PyTorchTensor["data"] }).from(values)

/**
 * Reads the state dict of a file that `torch.save` wrote, in any of PyTorch's three formats. Nothing in the file is run:
 * names other than those of tensors and plain containers are refused.
 *
 * @param file name for messages
 * @param key of the state dict in the file; by default a customary one, such as `state_dict`
 * @throws DataError if the file is damaged, or holds no state dict
 */
export const decodePyTorch = (bytes: Uint8Array, file: string, key?: string): PyTorchFile => {
  try {
    const found = stateDict(readPth(bytesSource(bytes)), key)
    const tensors = found.tensors.map(({ name, shape, type, values }) => ({
      name,
      type,
      shape,
      data: arrayOf(type, values())
    }))
    return { tensors, key: found.key, others: found.others }
  } catch (cause) {
    if (!(cause instanceof FileFault)) throw cause
    const remedy = cause.remedy ?? "Save the weights again with `torch.save(model.state_dict(), FILE)`"
    throw new DataError({ subject: file, problem: cause.message, remedy, cause })
  }
}
