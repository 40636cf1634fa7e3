/** Matrices in `.npy` files, and in the members of `.npz` archives. */
import { attempt } from "../../../../pipeline/attempt.ts"
import { checkNpySize, NPY_PREFIX, type NpyHeader, npyHead, parseNpy } from "../../../formats/npy.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import type { Source } from "./source.ts"
import {
  type Bytes,
  openBytes,
  readRows,
  type StoredRows,
  type StoredType,
  VECTOR_TYPES,
  widthOf
} from "./stored-rows.ts"

const SAVE = "Save it with `numpy.save(path, numpy.ascontiguousarray(E, numpy.float32))`"

const CODES: Readonly<Record<string, StoredType>> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  u1: "uint8",
  b1: "bool",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64"
}

const typeOf = (descr: string, types: ReadonlyArray<StoredType>, refuse: (problem: string) => never): StoredType => {
  const [, order, code] = /^([<>|=])?(\w+)$/.exec(descr) ?? []
  if (order === ">") return refuse(`is big-endian (${descr})`)
  const type = Object.hasOwn(CODES, code ?? "") ? CODES[code] : undefined
  if (type !== undefined && types.includes(type)) return type
  return refuse(`contains values of type ${descr}, not ${types.slice(0, -1).join(", ")} or ${types[types.length - 1]}`)
}

/**
 * The header of an array, read from the first bytes alone.
 *
 * @throws what `refuse` throws if there is none
 */
export const npyHeaderOf = ({ read, size }: Bytes, refuse: (problem: string) => never): NpyHeader => {
  const first = (length: number) => read(0, Math.min(length, size))
  return parseNpy(first(npyHead(first(NPY_PREFIX), refuse)), refuse)
}

/**
 * Describes the matrix in the bytes of a `.npy` file.
 *
 * @param types types of values that are accepted
 * @throws RetrieveError if it is damaged, or holds anything else than a matrix of such values
 */
export const npyRows = (bytes: Bytes, types: ReadonlyArray<StoredType> = VECTOR_TYPES): StoredRows => {
  const { path, size } = bytes
  const refused = (problem: string, remedy = SAVE): never => {
    throw new RetrieveError({ subject: path, problem, remedy })
  }
  const header = npyHeaderOf(bytes, refused)
  const { begin, descr, fortran, shape } = header
  const type = typeOf(
    descr,
    types.filter((one) => one !== "bfloat16"),
    refused
  )
  if (shape.length !== 2) {
    return refused(
      `has the shape (${shape.join(", ")})`,
      "Save one row of numbers per image, shape (images, dimensions)"
    )
  }
  const [rows, columns] = shape
  if (fortran) refused("is stored column by column (fortran_order)")
  if (rows === 0 || columns === 0) refused(`is empty: its shape is (${rows}, ${columns})`)
  checkNpySize(header, widthOf(type), size, refused)
  return { bytes, type, rows, columns, begin }
}

/**
 * Opens a matrix; `bytes.close` closes it.
 *
 * @throws RetrieveError if there is no such file, or `npyRows` refuses it
 */
export const openNpy = (path: string, types?: ReadonlyArray<StoredType>): StoredRows => {
  const bytes = openBytes(path)
  try {
    return npyRows(bytes, types)
  } catch (cause) {
    bytes.close()
    throw cause
  }
}

/** A matrix as a source. */
export const sourceOf = (stored: StoredRows, path = stored.bytes.path): Source => ({
  path,
  files: [path],
  rows: stored.rows,
  columns: stored.columns,
  classes: undefined,
  read: (from, to) => attempt(RetrieveError)(() => ({ vectors: readRows(stored, from, to) })),
  close: stored.bytes.close
})
