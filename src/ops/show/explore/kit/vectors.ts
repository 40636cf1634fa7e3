/** Vectors of the images, as a page holds them, and their cosines with a query. The same code ranks in Node and in the page. */
import { exactInto, type Given } from "../../../retrieve/rank/exact.ts"
import { hasSimd, type Kernel, kernelOf } from "./kernel.ts"

/** How values are written: float32 loses nothing; the others keep the direction of each vector. */
export type Coding = "float32" | "int16" | "int8"

/** Bytes of one value. */
export const BYTES: Readonly<Record<Coding, number>> = { float32: 4, int16: 2, int8: 1 }

/** Largest absolute value of a code. */
const LARGEST: Readonly<Record<"int16" | "int8", number>> = { int16: 32767, int8: 127 }

type Values = Float32Array | Int16Array | Int8Array

/** Some of the rows, one behind the other. */
export interface Piece {
  readonly rows: number
  readonly values: Values
}

export interface Vectors {
  readonly count: number
  readonly dim: number
  readonly coding: Coding
  readonly pieces: ReadonlyArray<Piece>
}

/**
 * Rows as integers: each row is scaled so that its largest absolute value is the largest code. The scale is not kept, since
 * cosines do not depend on it.
 *
 * @param rows float32 [n, dim]
 */
export const coded = (rows: Float32Array, dim: number, coding: Coding): Values => {
  if (coding === "float32") return rows
  const largest = LARGEST[coding]
  const out = coding === "int8" ? new Int8Array(rows.length) : new Int16Array(rows.length)
  for (let at = 0; at < rows.length; at += dim) {
    let most = 0
    for (let k = at; k < at + dim; k++) most = Math.max(most, Math.abs(rows[k]))
    const scale = most > 0 ? largest / most : 0
    for (let k = at; k < at + dim; k++) out[k] = Math.round(rows[k] * scale)
  }
  return out
}

/** Values of a piece from its bytes. */
export const valuesOf = (bytes: Uint8Array<ArrayBuffer>, coding: Coding): Values => {
  if (coding === "float32") return new Float32Array(bytes.buffer)
  return coding === "int16" ? new Int16Array(bytes.buffer) : new Int8Array(bytes.buffer)
}

/** Row `row` as a copy in double precision. */
export const rowOf = ({ dim, pieces }: Vectors, row: number): Float64Array => {
  let before = 0
  for (const { rows, values } of pieces) {
    if (row < before + rows) {
      const from = (row - before) * dim
      return Float64Array.from(values.subarray(from, from + dim) as ArrayLike<number>)
    }
    before += rows
  }
  throw new RangeError(`there is no image ${row}`)
}

/** Sum of squares of a vector. */
export const squared = (vector: ArrayLike<number>): number => {
  let sum = 0
  for (let k = 0; k < vector.length; k++) sum += vector[k] * vector[k]
  return sum
}

/** Divides a vector by its length; a vector of zeros stays. */
export const unit = (vector: Float64Array): Float64Array => {
  const length = Math.sqrt(squared(vector))
  return length > 0 ? vector.map((value) => value / length) : vector
}

/** Cosines of a query with the rows of a piece of integers, in double precision. */
export const codedCosines = (query: Float64Array, { rows, values }: Piece, into: Float64Array): void => {
  const dim = query.length
  const own = Math.sqrt(squared(query))
  for (let row = 0, at = 0; row < rows; row++, at += dim) {
    let product = 0
    let sum = 0
    for (let k = 0; k < dim; k++) {
      const value = values[at + k]
      product += query[k] * value
      sum += value * value
    }
    into[row] = sum > 0 ? product / (own * Math.sqrt(sum)) : 0
  }
}

/** The kernel of a piece of int8, and the lengths of its rows. Made once per piece. */
interface Fast {
  readonly kernel: Kernel
  readonly lengths: Float32Array
}

const fast = new WeakMap<Piece, Fast>()
const SIMD = hasSimd()

const fastOf = (piece: Piece, dim: number): Fast => {
  const before = fast.get(piece)
  if (before !== undefined) return before
  const { rows, values } = piece
  const lengths = Float32Array.from({ length: rows }, (_, row) =>
    Math.sqrt(squared(values.subarray(row * dim, (row + 1) * dim)))
  )
  const made = { kernel: kernelOf(values as Int8Array, rows, dim), lengths }
  fast.set(piece, made)
  return made
}

/** Values of a query as integers of 16 bits, small enough that no sum of products with int8 overflows. */
const rounded = (query: Float64Array): Int16Array => {
  const bound = Math.min(32_767, Math.floor(2 ** 31 / (128 * query.length)) - 1)
  const most = query.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  return Int16Array.from(query, (value) => Math.round((value * bound) / (most || 1)))
}

/** Cosines with int8 by SIMD. */
const fastCosines = (query: Int16Array, piece: Piece, into: Float64Array): void => {
  const { kernel, lengths } = fastOf(piece, query.length)
  const own = Math.sqrt(squared(query))
  const dots = kernel.dots(query)
  for (let row = 0; row < into.length; row++) into[row] = lengths[row] > 0 ? dots[row] / (own * lengths[row]) : 0
}

/** Rows of a piece of float32, with their numbers. */
interface Rows {
  readonly given: Given
  readonly all: Int32Array
}

/** Made once per piece; sums of squares are kept in it. */
const known = new WeakMap<Piece, Rows>()

const rowsIn = (piece: Piece, dim: number): Rows => {
  const before = known.get(piece)
  if (before !== undefined) return before
  const { rows, values } = piece
  const all = Int32Array.from({ length: rows }, (_, row) => row)
  const given: Given = {
    dim,
    matrices: [values as Float32Array],
    matrix: new Int32Array(rows),
    at: Float64Array.from(all, (row) => row * dim),
    squared: new Float64Array(rows).fill(Number.NaN)
  }
  known.set(piece, { given, all })
  return { given, all }
}

/**
 * Cosines of a query with all rows. For float32 they are those of `search`, bit for bit; for int8 the query is rounded to
 * 16 bits where SIMD computes them.
 *
 * @param query float64 [dim], of any length but 0
 * @returns float64 [count]; 0 for a row of zeros
 */
export const cosines = ({ coding, count, dim, pieces }: Vectors, query: Float64Array): Float64Array => {
  const scores = new Float64Array(count)
  const integers = coding === "int8" && SIMD ? rounded(query) : undefined
  let before = 0
  for (const piece of pieces) {
    const into = scores.subarray(before, before + piece.rows)
    if (coding === "float32") {
      const { all, given } = rowsIn(piece, dim)
      exactInto("cosine", query, squared(query), given, all, into)
      for (let row = 0; row < into.length; row++) if (Number.isNaN(into[row])) into[row] = 0
    } else if (integers !== undefined) fastCosines(integers, piece, into)
    else codedCosines(query, piece, into)
    before += piece.rows
  }
  return scores
}
