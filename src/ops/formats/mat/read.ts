/**
 * Reads one numeric matrix, such as a table of labels, from a MATLAB file of level 5 ("MAT-File Format", MathWorks, section
 * 1), compressed or not. The name and the size of a matrix are read before it is unpacked. npm has one other reader, whose
 * licence this project cannot adopt.
 */

import { few } from "../../../pipeline/words.ts"
import { checkValues, MATRIX_BOUND } from "../bounds.ts"
import { DataError } from "../data-error.ts"
import {
  COMPRESSED,
  type Element,
  elementAt,
  INT32,
  inflated,
  inflatedBeginning,
  MATRIX,
  numbersOf,
  type Refuse,
  TAG_BYTES,
  typeAt
} from "./elements.ts"

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

/** A variable without its values. */
interface Variable {
  readonly name: string
  readonly kind: number
  readonly complex: boolean
  readonly shape: Element
  /** The byte at which the values begin. */
  readonly rest: number
}

/** Reads the beginning of a variable; `undefined` for classes that have no shape and name of the usual form. */
const variableOf = (body: Uint8Array, refuse: Refuse): Variable | undefined => {
  const flags = elementAt(body, 0, refuse)
  const kind = flags.body[0]
  if (!NUMERIC.includes(kind) && OTHERS[kind] === undefined) return undefined
  const shape = elementAt(body, flags.next, refuse)
  const name = elementAt(body, shape.next, refuse)
  const complex = ((flags.body[1] ?? 0) & 0x08) !== 0
  return { name: Buffer.from(name.body).toString("latin1"), kind, complex, shape, rest: name.next }
}

/** The kind of a variable that is not a matrix of real numbers; `undefined` for a matrix. */
const unlike = ({ complex, kind, shape }: Variable): string | undefined => {
  if (OTHERS[kind] !== undefined) return OTHERS[kind]
  if (complex) return "complex numbers"
  return shape.type !== INT32 || shape.body.length !== 8 ? `an array of ${shape.body.length / 4} axes` : undefined
}

/** The rows and columns of a matrix of real numbers; refuses any other variable, and a matrix of too many numbers. */
const sizesOf = (variable: Variable, file: string, refuse: Refuse): readonly [rows: number, columns: number] => {
  const other = unlike(variable)
  if (other !== undefined) {
    return refuse(
      `holds \`${variable.name}\` as ${other}, which is not read`,
      "Save it as a full matrix of real numbers, or give the labels as a table (csv)"
    )
  }
  const { at } = numbersOf(variable.shape, refuse)
  const [rows, columns] = [at(0), at(1)]
  if (rows < 0 || columns < 0) return refuse(`holds a matrix of ${rows} x ${columns}`)
  checkValues([rows, columns], file, MATRIX_BOUND)
  return [rows, columns]
}

/**
 * Reads the values of a matrix.
 *
 * @param body the whole body of its element
 * @param from byte of the body at which the element of the values begins
 */
const matrixOf = (
  body: Uint8Array,
  from: number,
  [rows, columns]: readonly [number, number],
  refuse: Refuse
): Matrix => {
  const { at, count } = numbersOf(elementAt(body, from, refuse), refuse)
  if (count !== rows * columns) return refuse(`holds ${count} numbers in a matrix of ${rows} x ${columns}`)
  // The file stores a matrix column by column.
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = at((i % columns) * rows + Math.floor(i / columns))
  return { rows, columns, values }
}

/** The most bytes of one number, and those of a tag and its padding. */
const [WIDEST, TAG] = [8, 16]

/**
 * Returns the matrix of an element with the wanted name, or another variable's name; `undefined` if there is no variable.
 */
const matrixIn = (outer: Element, wanted: string, file: string, refuse: Refuse): Matrix | string | undefined => {
  const packed = outer.type === COMPRESSED
  const beginning = packed ? inflatedBeginning(outer.body, refuse) : undefined
  if ((beginning === undefined ? outer.type : typeAt(beginning, refuse)) !== MATRIX) return undefined
  const variable = variableOf(beginning?.subarray(TAG_BYTES) ?? outer.body, refuse)
  if (variable?.name !== wanted) return variable?.name
  const sizes = sizesOf(variable, file, refuse)
  if (!packed) return matrixOf(outer.body, variable.rest, sizes, refuse)
  const most = TAG_BYTES + variable.rest + TAG + WIDEST * sizes[0] * sizes[1]
  const { body } = elementAt(inflated(outer.body, most, refuse), 0, refuse)
  return matrixOf(body, variable.rest, sizes, refuse)
}

/** Whether a file is of version 7.3: HDF5 behind a header of text, which some programs leave out. */
const isHdf5 = (bytes: Uint8Array): boolean => {
  const text = Buffer.from(bytes.subarray(0, HEADER)).toString("latin1")
  return text.startsWith("MATLAB 7.3") || text.startsWith("\x89HDF\r\n")
}

/**
 * Reads the matrix of a given name.
 *
 * @param file the name for messages
 * @throws DataError if the file is damaged, of another level, or holds no such matrix of real numbers, or one of too many
 */
export const readMatrix = (bytes: Uint8Array, file: string, wanted: string): Matrix => {
  const refuse: Refuse = (problem, remedy = "Save it again with `save -v7`, or give the labels as a table (csv)") => {
    throw new DataError({ subject: file, problem, remedy })
  }
  if (isHdf5(bytes)) return refuse("is a MATLAB file of version 7.3, which is not read")
  if (bytes.length < HEADER || bytes[126] !== 0x49 || bytes[127] !== 0x4d) {
    return refuse("is not a little-endian MATLAB file of level 5")
  }
  const found: Array<string> = []
  for (let at = HEADER; at < bytes.length; ) {
    const outer = elementAt(bytes, at, refuse)
    const matrix = matrixIn(outer, wanted, file, refuse)
    if (typeof matrix === "object") return matrix
    if (matrix !== undefined) found.push(matrix)
    at = outer.next
  }
  return refuse(`holds no matrix \`${wanted}\`${found.length > 0 ? `, but ${few(found, 10)}` : ""}`)
}
