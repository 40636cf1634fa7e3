/** Reads matrices from `.npy` files, some rows at a time. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { checkNpySize, NPY_PREFIX, npyHead, parseNpy } from "../../formats/npy.ts"
import { RetrieveError } from "../retrieve-error.ts"

/** A matrix on disk: row-major, little-endian. */
export interface NpyMatrix {
  readonly path: string
  readonly fd: number
  readonly rows: number
  readonly columns: number
  /** Bytes of a value: 4 for float32, 8 for float64. */
  readonly bytes: 4 | 8
  /** Offset of the first value in the file. */
  readonly begin: number
}

const SAVE = "Save it with `numpy.save(path, numpy.ascontiguousarray(E, numpy.float32))`"

const refuse = (path: string, problem: string, remedy = SAVE): RetrieveError =>
  new RetrieveError({ subject: path, problem, remedy })

/** Fills `into` from the file; `undefined` if the file ends before. */
const readExactly = (fd: number, into: Uint8Array, at: number): Uint8Array | undefined => {
  for (let done = 0; done < into.length; ) {
    const read = readSync(fd, into, done, into.length - done, at + done)
    if (read === 0) return undefined
    done += read
  }
  return into
}

const KINDS: Readonly<Record<string, 4 | 8>> = { "<f4": 4, "<f8": 8 }

const valueBytes = (path: string, descr: string): 4 | 8 => {
  const bytes = KINDS[descr]
  if (bytes !== undefined) return bytes
  if (descr === ">f4" || descr === ">f8") throw refuse(path, `is big-endian (${descr})`)
  throw refuse(path, `contains values of type ${descr}, not float32 or float64`)
}

const matrixOf = (path: string, shape: ReadonlyArray<number>): readonly [rows: number, columns: number] => {
  if (shape.length === 2) return [shape[0], shape[1]]
  throw refuse(
    path,
    `has the shape (${shape.join(", ")})`,
    "Save one row of numbers per image, shape (images, dimensions)"
  )
}

const describe = (path: string, fd: number): NpyMatrix => {
  const refused = (problem: string, remedy?: string): never => {
    throw refuse(path, problem, remedy)
  }
  const { size } = fstatSync(fd)
  const first = (length: number) => readExactly(fd, Buffer.alloc(Math.min(length, size)), 0) ?? Buffer.alloc(0)
  const header = parseNpy(first(npyHead(first(NPY_PREFIX), refused)), refused)
  const { begin, descr, fortran, shape } = header
  const bytes = valueBytes(path, descr)
  const [rows, columns] = matrixOf(path, shape)
  if (fortran) throw refuse(path, "is stored column by column (fortran_order)")
  if (rows === 0 || columns === 0) throw refuse(path, `is empty: its shape is (${rows}, ${columns})`)
  checkNpySize(header, bytes, size, refused)
  return { path, fd, rows, columns, bytes, begin }
}

/**
 * Opens a matrix of float32 or float64. The caller must close `fd`.
 *
 * @throws RetrieveError if there is no such file, or if it is damaged or contains anything else
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
 * @throws RetrieveError if the file has become shorter since it was opened
 */
export const readRows = ({ begin, bytes, columns, fd, path }: NpyMatrix, from: number, to: number): Float32Array => {
  const count = (to - from) * columns
  const raw = new Uint8Array(count * bytes)
  if (readExactly(fd, raw, begin + from * columns * bytes) === undefined) {
    throw refuse(path, "became shorter while it was read", "Make sure that no program writes to it, and run again")
  }
  // Typed arrays have the byte order of the machine. All platforms of Node except s390x are little-endian.
  return bytes === 4 ? new Float32Array(raw.buffer) : Float32Array.from(new Float64Array(raw.buffer))
}
