/** Reads matrices from `.npy` files, rows at a time (NumPy Enhancement Proposal 1, and versions 2.0 and 3.0 of the format). */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { RetrieveError } from "./errors.ts"

/** A matrix on disk: row-major, little-endian. */
export interface NpyMatrix {
  readonly path: string
  readonly fd: number
  readonly rows: number
  readonly columns: number
  /** Bytes of a value: 4 for float32, 8 for float64. */
  readonly bytes: 4 | 8
  /** Where the first value stands. */
  readonly begin: number
}

const MAGIC = Buffer.from([0x93, ...Buffer.from("NUMPY", "latin1")])
const PREFIX = 12
const SAVE = "Save it with `numpy.save(path, numpy.ascontiguousarray(E, numpy.float32))`"

const refuse = (path: string, problem: string, remedy = SAVE): RetrieveError =>
  new RetrieveError({ subject: path, problem, remedy })

/** Reads exactly so many bytes; `undefined` where the file ends before. */
const readExactly = (fd: number, into: Uint8Array, at: number): Uint8Array | undefined => {
  for (let done = 0; done < into.length; ) {
    const read = readSync(fd, into, done, into.length - done, at + done)
    if (read === 0) return undefined
    done += read
  }
  return into
}

/** The header's text and where the values begin. */
const headerOf = (path: string, fd: number): { readonly text: string; readonly begin: number } => {
  const prefix = Buffer.alloc(PREFIX)
  if (fstatSync(fd).size < PREFIX || readExactly(fd, prefix, 0) === undefined || !prefix.subarray(0, 6).equals(MAGIC)) {
    throw refuse(path, "is not a .npy file")
  }
  const major = prefix[6]
  if (major < 1 || major > 3) throw refuse(path, `is a .npy file of version ${major}, which is not known`)
  const start = major === 1 ? 10 : 12
  const length = major === 1 ? prefix.readUInt16LE(8) : prefix.readUInt32LE(8)
  // Headers of matrices are about a hundred bytes; a length of gigabytes is damage.
  const text = length > 0x10_0000 ? undefined : readExactly(fd, Buffer.alloc(length), start)
  if (text === undefined) throw refuse(path, "is cut short within its header")
  return { text: Buffer.from(text).toString("latin1"), begin: start + length }
}

const KINDS: Readonly<Record<string, 4 | 8>> = { "<f4": 4, "<f8": 8 }

const valueBytes = (path: string, text: string): 4 | 8 => {
  const dtype = /'descr':\s*'([^']*)'/.exec(text)?.[1]
  if (dtype === undefined) throw refuse(path, "does not hold a plain array of numbers")
  const bytes = KINDS[dtype]
  if (bytes !== undefined) return bytes
  if (dtype === ">f4" || dtype === ">f8") throw refuse(path, `is big-endian (${dtype})`)
  throw refuse(path, `holds values of type ${dtype}, not float32 or float64`)
}

const shapeOf = (path: string, text: string): readonly [rows: number, columns: number] => {
  const written = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1]
  const shape = (written ?? "").split(",").flatMap((n) => (n.trim() === "" ? [] : [Number(n)]))
  if (written === undefined) throw refuse(path, "has a header without a shape")
  if (shape.length === 2) return [shape[0], shape[1]]
  throw refuse(
    path,
    `has the shape (${shape.join(", ")})`,
    "Save one row of numbers per image, shape (images, dimensions)"
  )
}

const describe = (path: string, fd: number): NpyMatrix => {
  const { begin, text } = headerOf(path, fd)
  const bytes = valueBytes(path, text)
  const [rows, columns] = shapeOf(path, text)
  if (/'fortran_order':\s*True/.test(text)) throw refuse(path, "is stored column by column (fortran_order)")
  if (rows === 0 || columns === 0) throw refuse(path, `is empty: its shape is (${rows}, ${columns})`)
  const wanted = begin + rows * columns * bytes
  const { size } = fstatSync(fd)
  if (size < wanted) throw refuse(path, `is cut short: ${size} bytes of ${wanted}`, "Copy or save it again")
  if (size > wanted) throw refuse(path, `is ${size - wanted} bytes longer than its header says`, "Save one array to it")
  return { path, fd, rows, columns, bytes, begin }
}

/**
 * Opens a matrix of float32 or float64; the caller closes `fd`.
 *
 * @throws RetrieveError where there is no such file, or it holds anything else, or is damaged
 */
export const openNpy = (path: string): NpyMatrix => {
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT"
    const problem = missing ? "there is no such file" : `cannot be opened (${(cause as Error).message})`
    throw new RetrieveError({ subject: path, problem, remedy: "Give the path of embeddings saved as .npy", cause })
  }
  try {
    if (!fstatSync(fd).isFile()) throw refuse(path, "is not a file", "Give the path of embeddings saved as .npy")
    return describe(path, fd)
  } catch (cause) {
    closeSync(fd)
    throw cause
  }
}

/**
 * Reads the rows [from, to) as float32; float64 is rounded.
 *
 * @returns float32 [to - from, columns]
 * @throws RetrieveError where the file has shrunk since it was opened
 */
export const readRows = ({ begin, bytes, columns, fd, path }: NpyMatrix, from: number, to: number): Float32Array => {
  const count = (to - from) * columns
  const raw = new Uint8Array(count * bytes)
  if (readExactly(fd, raw, begin + from * columns * bytes) === undefined) {
    throw refuse(path, "became shorter while it was read", "Let nothing write to it, and run again")
  }
  // Typed arrays have the machine's byte order, which on every platform of Node's is little-endian but one (s390x).
  return bytes === 4 ? new Float32Array(raw.buffer) : Float32Array.from(new Float64Array(raw.buffer))
}
