/** Writes safetensors; see `header.ts` for the layout. */
import { DataError } from "../data-error.ts"
import { dtypeOf } from "../dtypes.ts"
import { CODES, METADATA, PREFIX, product } from "./header.ts"
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
  if (name === METADATA) refuse("has a name that the format reserves")
  if (names.has(name)) refuse("occurs twice")
  if (dtypeOf(data) !== dtype) refuse(`is declared ${dtype}, but holds ${dtypeOf(data) ?? "another type"}`)
  if (product(shape) !== data.length) refuse(`has shape [${shape.join(", ")}], but ${data.length} values`)
  names.add(name)
}

/** An array of any type that the format has. */
export interface BlobArray {
  readonly name: string
  /** The format's name of the type, for example "F32". */
  readonly code: string
  readonly shape: ReadonlyArray<number>
  readonly data: ArrayBufferView
}

/**
 * Writes arrays and metadata as one blob, its header in the order given. Values begin at a multiple of 8 bytes, also in that
 * order, or those of the widest types first, so that all are aligned.
 */
export const encodeBlob = (
  arrays: ReadonlyArray<BlobArray>,
  metadata: Readonly<Record<string, string>>,
  order: "given" | "widest first" = "given"
): Uint8Array => {
  const width = ({ data, shape }: BlobArray) => data.byteLength / Math.max(1, product(shape))
  const ordered = order === "given" ? arrays : [...arrays].sort((a, b) => width(b) - width(a))
  const places = new Map<BlobArray, readonly [begin: number, end: number]>()
  let end = 0
  for (const one of ordered) {
    places.set(one, [end, end + one.data.byteLength])
    end += one.data.byteLength
  }
  const entries: ReadonlyArray<readonly [string, unknown]> = [
    ...(Object.keys(metadata).length > 0 ? [[METADATA, metadata] as const] : []),
    ...arrays.map((one) => [one.name, { dtype: one.code, shape: one.shape, data_offsets: places.get(one) }] as const)
  ]
  // Joined by hand: an object would put names that look like numbers first.
  const json = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(",")}}`
  const header = new TextEncoder().encode(json)
  const start = Math.ceil((PREFIX + header.length) / 8) * 8
  const bytes = new Uint8Array(start + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - PREFIX), true)
  bytes.fill(0x20, PREFIX, start)
  bytes.set(header, PREFIX)
  for (const [{ data }, [begin]] of places) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start + begin)
  }
  return bytes
}

/**
 * Writes tensors, in the order given, and metadata as one blob. Values begin at a multiple of 8 bytes.
 *
 * @throws DataError if a name occurs twice, or dtype or shape do not fit the values
 */
export const encodeSafetensors = (
  tensors: ReadonlyArray<Tensor>,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array => {
  const names = new Set<string>()
  for (const tensor of tensors) checkTensor(tensor, names)
  return encodeBlob(
    tensors.map(({ data, dtype, name, shape }) => ({ name, code: CODES[dtype], shape, data })),
    metadata
  )
}
