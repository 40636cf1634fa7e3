/** Lengths of vectors. Used in worker threads, so it does not import Effect. */

/** Sum of squares of a vector, in double precision; not finite if a value is not. */
export const squares = (vector: Float32Array): number => {
  let sum = 0
  for (let k = 0; k < vector.length; k++) sum += vector[k] * vector[k]
  return sum
}

/**
 * Writes the L2-normalised vector. Each value is divided in double precision by the root of the sum of squares, then
 * rounded to float32. Scaling a vector by a power of two therefore changes no bit of the result.
 *
 * @param vector float32 [d]
 * @param into float32, receives the d values, starting at index `at`; may be the array of the vector itself
 * @returns false, with nothing written, if the length is 0, infinite or not a number
 */
export const normaliseInto = (vector: Float32Array, into: Float32Array, at: number): boolean => {
  const length = Math.sqrt(squares(vector))
  if (!(length > 0 && length < Number.POSITIVE_INFINITY)) return false
  for (let k = 0; k < vector.length; k++) into[at + k] = vector[k] / length
  return true
}

/**
 * L2-normalises each row of a matrix in place. A row of zeros is left unchanged.
 *
 * @example
 * normaliseRows(Float32Array.of(3, 4, 0, 0), 2) // => Float32Array.of(3 / 5, 4 / 5, 0, 0)
 */
export const normaliseRows = (rows: Float32Array, dim: number): Float32Array => {
  for (let at = 0; at < rows.length; at += dim) normaliseInto(rows.subarray(at, at + dim), rows, at)
  return rows
}
