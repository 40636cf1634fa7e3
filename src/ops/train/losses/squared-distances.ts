/** Squared Euclidean distances of a batch, and the gradient from distances back to embeddings; float64. */

/** |x_i - x_j|^2 of raw rows, [anchors, rows]. @param anchors number of first rows */
export const squaredDistances = (values: Float32Array, rows: number, anchors = rows): Float64Array => {
  const dim = rows === 0 ? 0 : values.length / rows
  const D = new Float64Array(anchors * rows)
  for (let i = 0; i < anchors; i++) {
    for (let j = i + 1; j < rows; j++) {
      let sum = 0
      for (let d = 0; d < dim; d++) sum += (values[i * dim + d] - values[j * dim + d]) ** 2
      D[i * rows + j] = sum
      if (j < anchors) D[j * rows + i] = sum
    }
  }
  return D
}

/**
 * From dL/dD to dL/dx; rows that are not anchors get no gradient.
 *
 * @param dD [anchors, rows]
 */
export const fromSquaredDistances = (
  dD: Float64Array,
  values: Float32Array,
  rows: number,
  anchors = rows
): Float32Array => {
  const dim = rows === 0 ? 0 : values.length / rows
  const gradient = new Float32Array(values.length)
  const slope = new Float64Array(dim)
  for (let i = 0; i < anchors; i++) {
    slope.fill(0)
    for (let j = 0; j < rows; j++) {
      const weight = 2 * (dD[i * rows + j] + (j < anchors ? dD[j * rows + i] : 0))
      if (weight === 0) continue
      for (let d = 0; d < dim; d++) slope[d] += weight * (values[i * dim + d] - values[j * dim + d])
    }
    gradient.set(slope, i * dim)
  }
  return gradient
}
