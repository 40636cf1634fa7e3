/** Writes `.npy` files as NumPy's format description says, with no code of ours. */
import { writeFileSync } from "node:fs"

export interface NpyOptions {
  readonly descr?: string
  readonly fortran?: boolean
  readonly shape?: string
  readonly major?: number
}

/** The bytes of a file whose values are `data`, as they lie in memory. */
export const npyBytes = (
  data: Float32Array | Float64Array | Uint8Array,
  rows: number,
  columns: number,
  options: NpyOptions = {}
): Buffer => {
  const descr = options.descr ?? (data instanceof Float64Array ? "<f8" : "<f4")
  const shape = options.shape ?? `(${rows}, ${columns})`
  const text = `{'descr': '${descr}', 'fortran_order': ${options.fortran === true ? "True" : "False"}, 'shape': ${shape}, }\n`
  const major = options.major ?? 1
  const length = Buffer.alloc(major === 1 ? 2 : 4)
  length.writeUIntLE(text.length, 0, length.length)
  const magic = Buffer.from([0x93, ...Buffer.from("NUMPY"), major, 0])
  return Buffer.concat([
    magic,
    length,
    Buffer.from(text, "latin1"),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  ])
}

export const writeNpy = (path: string, data: Float32Array | Float64Array, rows: number, columns: number): void =>
  writeFileSync(path, npyBytes(data, rows, columns))
