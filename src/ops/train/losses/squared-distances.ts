/** Squared Euclidean distances of a batch, and the gradient from distances back to embeddings; float64. */

/** |x_i - x_j|^2 of raw rows, [rows, rows]. */
export const squaredDistances = (values: Float32Array, rows: number): Float64Array => {
  const dim = rows === 0 ? 0 : values.length / rows
  const D = new Float64Array(rows * rows)
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) {
      let sum = 0
      for (let d = 0; d < dim; d++) sum += (values[i * dim + d] - values[j * dim + d]) ** 2
      D[i * rows + j] = sum
      D[j * rows + i] = sum
    }
  }
  return D
}

/**
 * From dL/dD to dL/dx.
 *
 * @param dD [rows, rows]
 */
export const fromSquaredDistances = (dD: Float64Array, values: Float32Array, rows: number): Float32Array => {
  const dim = rows === 0 ? 0 : values.length / rows
  const gradient = new Float32Array(values.length)
  const slope = new Float64Array(dim)
  for (let i = 0; i < rows; i++) {
    slope.fill(0)
    for (let j = 0; j < rows; j++) {
      const weight = 2 * (dD[i * rows + j] + dD[j * rows + i])
      if (weight === 0) continue
      for (let d = 0; d < dim; d++) slope[d] += weight * (values[i * dim + d] - values[j * dim + d])
    }
    gradient.set(slope, i * dim)
  }
  return gradient
}
