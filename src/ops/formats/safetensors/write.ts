/** Writes safetensors; see `safetensors.ts` for the layout. */

import { DataError } from "../data-error.ts"
import { dtypeOf, rawBytes } from "../dtypes.ts"
import { CODES, METADATA, product } from "./header.ts"
import type { Tensor } from "./read.ts"

const checkTensor = (tensor: Tensor, names: Set<string>): void => {
  const { name, dtype, shape, data } = tensor
  const refuse = (problem: string) => {
    throw new DataError({
      subject: `tensor ${name}`,
      problem,
      remedy: "Give each tensor its own name, dtype and shape"
    })
  }
  if (name === METADATA) refuse("has a name that the format keeps for itself")
  if (names.has(name)) refuse("occurs twice")
  if (dtypeOf(data) !== dtype) refuse(`is called ${dtype}, but holds ${dtypeOf(data) ?? "another type"}`)
  if (product(shape) !== data.length) refuse(`has shape [${shape.join(", ")}], but ${data.length} values`)
  names.add(name)
}

/**
 * Writes tensors, in the order given, and metadata as one blob. Values begin at a multiple of 8 bytes.
 *
 * @throws DataError where a name occurs twice or dtype or shape do not fit the values
 */
export const encodeSafetensors = (
  tensors: ReadonlyArray<Tensor>,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array => {
  const entries: Array<[string, unknown]> = []
  if (Object.keys(metadata).length > 0) entries.push([METADATA, metadata])
  const names = new Set<string>()
  let end = 0
  for (const tensor of tensors) {
    checkTensor(tensor, names)
    const begin = end
    end += tensor.data.byteLength
    entries.push([tensor.name, { dtype: CODES[tensor.dtype], shape: [...tensor.shape], data_offsets: [begin, end] }])
  }
  // Joined by hand: an object would put names that look like numbers first.
  const json = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(",")}}`
  const header = new TextEncoder().encode(json)
  const start = Math.ceil((8 + header.length) / 8) * 8
  const bytes = new Uint8Array(start + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true)
  bytes.fill(0x20, 8, start)
  bytes.set(header, 8)
  let at = start
  for (const { data } of tensors) {
    bytes.set(rawBytes(data), at)
    at += data.byteLength
  }
  return bytes
}
