/**
 * The header of `.npy` files (NumPy Enhancement Proposal 1; versions 1 to 3 of the format): the magic text, two bytes of
 * version, the length of what follows in two bytes (version 1) or four, a Python dictionary as text.
 */

export interface NpyHeader {
  /** The type of a value as NumPy tells it: "<f4", ">i2", "|u1". */
  readonly descr: string
  /** Whether the first axis is the fastest. */
  readonly fortran: boolean
  readonly shape: ReadonlyArray<number>
}

/** Throws what a module's users expect, about a file that it knows. */
type Refuse = (problem: string) => never

const MAGIC = Buffer.from("\x93NUMPY", "latin1")
/** Bytes at a file's start that tell how long its header is. */
export const NPY_PREFIX = 12
/** Headers of arrays are about a hundred bytes; a length of gigabytes is damage. */
const MAX_HEADER = 1 << 20

/**
 * Where the dictionary stands, and where the values begin behind it.
 *
 * @param prefix the file's first bytes, `NPY_PREFIX` where it has so many
 */
export const npySpan = (prefix: Uint8Array, refuse: Refuse): { readonly from: number; readonly begin: number } => {
  if (prefix.length < NPY_PREFIX || Buffer.compare(prefix.subarray(0, 6), MAGIC) !== 0) refuse("is not a .npy file")
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength)
  const version = prefix[6]
  if (version < 1 || version > 3) refuse(`is a .npy file of version ${version}, which is not known`)
  const from = version === 1 ? 10 : 12
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > MAX_HEADER) refuse("is cut short within its header")
  return { from, begin: from + length }
}

/** Python's dictionary of three entries, in any order; anything else is not ours to guess at. */
const DICTIONARY = /^\{('(descr|fortran_order|shape)': *('[^']*'|True|False|\([\d, ]*\)),? *){3}\}\s*$/

const entry = (text: string, key: string): string | undefined =>
  new RegExp(`'${key}': *('[^']*'|True|False|\\([\\d, ]*\\))`).exec(text)?.[1]

/** Reads the dictionary; a `span` that the file is too short for is told by fewer bytes. */
export const parseNpy = (bytes: Uint8Array, { begin, from }: ReturnType<typeof npySpan>, refuse: Refuse): NpyHeader => {
  if (bytes.length < begin - from) refuse("is cut short within its header")
  const text = Buffer.from(bytes).toString("latin1")
  const descr = /^'(.*)'$/.exec(entry(text, "descr") ?? "")?.[1]
  const order = entry(text, "fortran_order")
  const sizes = /^\((.*)\)$/.exec(entry(text, "shape") ?? "")?.[1]
  if (!DICTIONARY.test(text) || descr === undefined || order === undefined || sizes === undefined) {
    return refuse("does not hold a plain array of numbers")
  }
  return { descr, fortran: order === "True", shape: [...sizes.matchAll(/\d+/g)].map(([size]) => Number(size)) }
}

/**
 * A header of version 1 for a row-major array.
 *
 * @param length bytes that it takes, so that it can be written again for more rows; without it, as few as NumPy wants:
 *   a multiple of 64
 */
export const npyHeader = (descr: string, shape: ReadonlyArray<number>, length?: number): Uint8Array => {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ")
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
  const header = Buffer.alloc(length ?? Math.ceil((10 + text.length + 1) / 64) * 64, " ")
  MAGIC.copy(header)
  header.set([1, 0], MAGIC.length)
  header.writeUInt16LE(header.length - 10, 8)
  header.write(text, 10, "latin1")
  header[header.length - 1] = 0x0a
  return header
}
