/**
 * Writes the L2-normalised vector beside others: each value divided, in double precision, by the root of the sum of
 * squares, then rounded to float32. Scaling a vector by a power of two changes no bit.
 *
 * @param vector float32 [d]
 * @param into float32, gets the d values from `at` on
 * @returns false, and nothing written, where the length is 0, infinite or not a number
 */
export const normaliseInto = (vector: Float32Array, into: Float32Array, at: number): boolean => {
  let squares = 0
  for (let k = 0; k < vector.length; k++) squares += vector[k] * vector[k]
  const length = Math.sqrt(squares)
  if (!(length > 0 && length < Number.POSITIVE_INFINITY)) return false
  for (let k = 0; k < vector.length; k++) into[at + k] = vector[k] / length
  return true
}
