/** Rows of a matrix [anchors, rows] without the diagonal: the values of an anchor with all other images. */

/** Row q without its entry q, written to `rest`. */
export const othersOf = (matrix: Float64Array, rows: number, q: number, rest: Float64Array): Float64Array => {
  rest.set(matrix.subarray(q * rows, q * rows + q))
  rest.set(matrix.subarray(q * rows + q + 1, (q + 1) * rows), q)
  return rest
}

/** Sum of row q without its entry q. */
export const totalOfOthers = (matrix: Float64Array, rows: number, q: number): number => {
  let total = 0
  for (let i = 0; i < rows; i++) if (i !== q) total += matrix[q * rows + i]
  return total
}
