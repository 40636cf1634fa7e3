/** Some rows of embeddings, without copying all of them. */
import type { Embeddings } from "../../elements.ts"
import { squares } from "../unit-length.ts"
import { type Given, givenRow, givenSquared } from "./exact.ts"
import { scaledRow } from "./scaled-rows.ts"

/** Rows of embeddings, and the form in which they are multiplied. */
export interface Vectors {
  readonly count: number
  readonly dim: number
  /**
   * Copies the rows [from, to) in the form in which they are multiplied: normalised, centred or as given.
   *
   * @param room memory for the result, if it is large enough: the result is then a view of it
   */
  readonly read: (from: number, to: number, room?: Float32Array) => Float32Array
  /** Sum of squares of a row in that form. */
  readonly squared: (row: number) => number
  /** The original rows. */
  readonly given: Given
}

/** Form in which rows are multiplied: unchanged, L2-normalised, or minus a centre, float32 [dim]. */
export type Form = "given" | "normalised" | { readonly centre: Float32Array }

/** The matrices of some batches. */
type Matrices = ReadonlyArray<Pick<Embeddings, "dim" | "size" | "vectors">>

/** Sums of squares of all vectors, float64 [images]; not finite if a vector is not finite. */
export const squaresOf = (batches: Matrices): Float64Array => {
  const out = new Float64Array(batches.reduce((sum, { size }) => sum + size, 0))
  let image = 0
  for (const { dim, size, vectors } of batches) {
    for (let i = 0; i < size; i++) out[image++] = squares(vectors.subarray(i * dim, (i + 1) * dim))
  }
  return out
}

/** Mean of some images, float32 [dim]; the sum is in double precision. */
export const meanOf = (given: Given): Float32Array => {
  const { at, dim, matrices, matrix } = given
  const sum = new Float64Array(dim)
  for (let row = 0; row < at.length; row++) {
    const values = matrices[matrix[row]]
    for (let k = 0; k < dim; k++) sum[k] += values[at[row] + k]
  }
  return Float32Array.from(sum, (value) => value / at.length)
}

/**
 * Locates some images in batches.
 *
 * @param batches at least one, all of one dimension
 * @param images which of the images in all batches, by number
 * @param squared sums of squares of all images, from `squaresOf`; by default each is computed on first use
 */
export const givenOf = (batches: Matrices, images: Int32Array, squared?: Float64Array): Given => {
  const [{ dim }] = batches
  const total = batches.reduce((sum, { size }) => sum + size, 0)
  const [owner, place] = [new Int32Array(total), new Float64Array(total)]
  let image = 0
  batches.forEach(({ size }, batch) => {
    for (let i = 0; i < size; i++, image++) {
      owner[image] = batch
      place[image] = i * dim
    }
  })
  return {
    dim,
    matrices: batches.map(({ vectors }) => vectors),
    matrix: images.map((one) => owner[one]),
    at: Float64Array.from(images, (one) => place[one]),
    squared: Float64Array.from(images, (one) => squared?.[one] ?? Number.NaN)
  }
}

/** Copies the rows [from, to) unchanged; adjacent rows are copied together. */
const copyInto = ({ at, dim, matrices, matrix }: Given, from: number, to: number, out: Float32Array): void => {
  for (let row = from; row < to; ) {
    let end = row + 1
    while (end < to && matrix[end] === matrix[row] && at[end] === at[end - 1] + dim) end++
    out.set(matrices[matrix[row]].subarray(at[row], at[row] + (end - row) * dim), (row - from) * dim)
    row = end
  }
}

/** Values from which the function that WebAssembly compiles saves more time than it costs. */
const WORTH_COMPILING = 2 ** 16

/** Copies the rows [from, to) divided by their lengths. */
const normaliseInto = (given: Given, from: number, to: number, out: Float32Array): void => {
  const { dim } = given
  const scaled = (to - from) * dim < WORTH_COMPILING ? undefined : scaledRow(dim)
  for (let row = from, at = 0; row < to; row++, at += dim) {
    const length = Math.sqrt(givenSquared(given, row))
    // Divisions would take several times as long.
    const scale = length > 0 ? 1 / length : 1
    const values = givenRow(given, row)
    if (scaled !== undefined) out.set(scaled(values, scale), at)
    else for (let k = 0; k < dim; k++) out[at + k] = values[k] * scale
  }
}

/** Copies the rows [from, to) in a form. */
const shapeInto = (given: Given, form: Form, from: number, to: number, out: Float32Array): void => {
  if (form === "normalised") {
    normaliseInto(given, from, to, out)
    return
  }
  copyInto(given, from, to, out)
  if (form === "given") return
  const { centre } = form
  for (let at = 0; at < out.length; at += given.dim) for (let k = 0; k < given.dim; k++) out[at + k] -= centre[k]
}

/** Rows of matrices, in the form in which they are multiplied. */
export const vectorsAt = (given: Given, form: Form): Vectors => {
  const { dim } = given
  const count = given.at.length
  const read = (from: number, to: number, room?: Float32Array): Float32Array => {
    const length = (to - from) * dim
    const out = room !== undefined && room.length >= length ? room.subarray(0, length) : new Float32Array(length)
    shapeInto(given, form, from, to, out)
    return out
  }
  const centred = new Float64Array(typeof form === "string" ? 0 : count).fill(Number.NaN)
  const squaredOfCentred = (row: number): number => {
    if (Number.isNaN(centred[row])) centred[row] = squares(read(row, row + 1))
    return centred[row]
  }
  const squared = typeof form === "string" ? (row: number) => givenSquared(given, row) : squaredOfCentred
  return { count, dim, read, squared, given }
}

/** Images of batches as rows; unchanged by default. */
export const vectorsOf = (batches: Matrices, images: Int32Array, form: Form = "given"): Vectors =>
  vectorsAt(givenOf(batches, images), form)

/** Rows of a matrix float32 [n, dim]. */
export const rowsOf = (matrix: Float32Array, dim: number, form: Form = "given"): Vectors => {
  const count = matrix.length / dim
  const images = Int32Array.from({ length: count }, (_, row) => row)
  return vectorsOf([{ dim, size: count, vectors: matrix }], images, form)
}
