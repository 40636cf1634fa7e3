/**
 * Reads one numeric matrix from a MATLAB file of level 5 ("MAT-File Format", MathWorks, section 1), compressed or not: what
 * tables of labels are kept in. The one reader on the registry is under a licence that would bind this project to it.
 */
import { DataError } from "../data-error.ts"
import { COMPRESSED, type Element, elementAt, INT32, inflated, MATRIX, numbersOf, type Refuse } from "./elements.ts"

export interface Matrix {
  readonly rows: number
  readonly columns: number
  /** Row-major. */
  readonly values: Float64Array
}

/** Array classes of real numbers: double, single, and whole numbers of 8 to 64 bits. */
const NUMERIC = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
/** The other classes. */
const OTHERS: Readonly<Record<number, string>> = {
  1: "cells",
  2: "a struct",
  3: "an object",
  4: "text",
  5: "a sparse matrix"
}
const HEADER = 128

/** A variable, but for its values. */
interface Variable {
  readonly name: string
  readonly kind: number
  readonly complex: boolean
  readonly shape: Element
  /** What follows the name: the values of a matrix. */
  readonly rest: number
}

/** What a variable is; `undefined` for classes that have no shape and name of the usual form. */
const variableOf = (body: Uint8Array, refuse: Refuse): Variable | undefined => {
  const flags = elementAt(body, 0, refuse)
  const kind = flags.body[0]
  if (!NUMERIC.includes(kind) && OTHERS[kind] === undefined) return undefined
  const shape = elementAt(body, flags.next, refuse)
  const name = elementAt(body, shape.next, refuse)
  const complex = ((flags.body[1] ?? 0) & 0x08) !== 0
  return { name: Buffer.from(name.body).toString("latin1"), kind, complex, shape, rest: name.next }
}

/** What keeps a variable from being a matrix of real numbers. */
const unlike = ({ complex, kind, shape }: Variable): string | undefined => {
  if (OTHERS[kind] !== undefined) return OTHERS[kind]
  if (complex) return "complex numbers"
  return shape.type !== INT32 || shape.body.length !== 8 ? `an array of ${shape.body.length / 4} axes` : undefined
}

const matrixOf = (body: Uint8Array, variable: Variable, refuse: Refuse): Matrix => {
  const other = unlike(variable)
  if (other !== undefined) {
    return refuse(
      `holds \`${variable.name}\` as ${other}, which is not read`,
      "Save it as a full matrix of real numbers, or give the labels as a table (csv)"
    )
  }
  const [rows, columns] = numbersOf(variable.shape, refuse)
  const stored = numbersOf(elementAt(body, variable.rest, refuse), refuse)
  if (rows < 0 || columns < 0 || stored.length !== rows * columns) {
    return refuse(`holds ${stored.length} numbers in a matrix of ${rows} x ${columns}`)
  }
  // Stored column by column.
  const values = Float64Array.from(stored, (_, i) => stored[(i % columns) * rows + Math.floor(i / columns)])
  return { rows, columns, values }
}

/** Version 7.3 is HDF5 behind a header of text; other programs leave the header out. */
const isHdf5 = (bytes: Uint8Array): boolean => {
  const text = Buffer.from(bytes.subarray(0, HEADER)).toString("latin1")
  return text.startsWith("MATLAB 7.3") || text.startsWith("\x89HDF\r\n")
}

/**
 * Reads the matrix of a given name.
 *
 * @param file for messages
 * @throws DataError where the file is damaged, of another level, or holds no such matrix of real numbers
 */
export const readMatrix = (bytes: Uint8Array, file: string, wanted: string): Matrix => {
  const refuse: Refuse = (problem, remedy = "Save it again with `save -v7`, or give the labels as a table (csv)") => {
    throw new DataError({ subject: file, problem, remedy })
  }
  if (isHdf5(bytes)) return refuse("is a MATLAB file of version 7.3, which is not read")
  if (bytes.length < HEADER || bytes[126] !== 0x49 || bytes[127] !== 0x4d) {
    return refuse("is no MATLAB file of level 5, little-endian")
  }
  const found: Array<string> = []
  for (let at = HEADER; at < bytes.length; ) {
    const outer = elementAt(bytes, at, refuse)
    const inner = outer.type === COMPRESSED ? elementAt(inflated(outer.body, refuse), 0, refuse) : outer
    const variable = inner.type === MATRIX ? variableOf(inner.body, refuse) : undefined
    if (variable?.name === wanted) return matrixOf(inner.body, variable, refuse)
    if (variable !== undefined) found.push(variable.name)
    at = outer.next
  }
  return refuse(`holds no matrix \`${wanted}\`${found.length > 0 ? `, but ${found.join(", ")}` : ""}`)
}
