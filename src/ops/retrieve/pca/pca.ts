/**
 * Principal components of embeddings (Pearson 1901), fitted in one pass in double precision, and whitening by them (Jégou
 * and Chum 2012): y_k = (x - mean) · component_k / sqrt(variance_k).
 */

/** Count, mean and scatter of vectors: the statistics that determine their principal components. */
export interface Moments {
  count: number
  /** [d]. */
  readonly mean: Float64Array
  /** [d, d], upper triangle: sum over vectors of (x - mean)_i (x - mean)_j. */
  readonly scatter: Float64Array
}

/** Axes of greatest variance, in descending order of variance. */
export interface Components {
  /** [d]. */
  readonly mean: Float64Array
  /** [k, d]: orthogonal rows of length 1. */
  readonly components: Float64Array
  /** [k]: variance along each of them, with divisor count - 1. */
  readonly variances: Float64Array
  /** Sum of the variances along all d axes. */
  readonly total: number
}

/** The moments of no vectors. */
export const noMoments = (dim: number): Moments => ({
  count: 0,
  mean: new Float64Array(dim),
  scatter: new Float64Array(dim * dim)
})

/** Adds to the upper triangle the outer products of rows, two at a time, and `weight` times the one of `shift`. */
const addProducts = (scatter: Float64Array, rows: Float64Array, shift: Float64Array, weight: number): void => {
  const dim = shift.length
  const pairs = rows.length - (rows.length % (2 * dim))
  for (let i = 0; i < dim; i++) {
    const line = scatter.subarray(i * dim, (i + 1) * dim)
    const scaled = weight * shift[i]
    for (let j = i; j < dim; j++) line[j] += scaled * shift[j]
    for (let at = 0; at < pairs; at += 2 * dim) {
      const [first, second] = [rows[at + i], rows[at + dim + i]]
      for (let j = i; j < dim; j++) line[j] += first * rows[at + j] + second * rows[at + dim + j]
    }
    for (let at = pairs; at < rows.length; at += dim) {
      const last = rows[at + i]
      for (let j = i; j < dim; j++) line[j] += last * rows[at + j]
    }
  }
}

/** Updates the mean of `into` for `count` more vectors of mean `mean`; returns the difference of the means and its weight. */
const meanTowards = (into: Moments, count: number, mean: Float64Array) => {
  const shift = mean.map((value, i) => value - into.mean[i])
  const before = into.count
  into.count += count
  for (let i = 0; i < shift.length; i++) into.mean[i] += (shift[i] * count) / into.count
  return { shift, weight: (before * count) / into.count }
}

/**
 * Adds vectors to moments, in place. Each block is centred on its own mean before products are computed, so a common
 * offset costs no precision (Chan, Golub and LeVeque 1979, eq. 2.1).
 *
 * @param vectors float32 [n, d]
 */
export const addVectors = (into: Moments, vectors: Float32Array): void => {
  const dim = into.mean.length
  const count = vectors.length / dim
  if (count === 0) return
  const mean = new Float64Array(dim)
  for (let at = 0; at < vectors.length; at += dim) for (let i = 0; i < dim; i++) mean[i] += vectors[at + i] / count
  const centred = Float64Array.from(vectors)
  for (let at = 0; at < centred.length; at += dim) for (let i = 0; i < dim; i++) centred[at + i] -= mean[i]
  const { shift, weight } = meanTowards(into, count, mean)
  addProducts(into.scatter, centred, shift, weight)
}

/** Adds the moments of other vectors to `into`, in place. */
export const addMoments = (into: Moments, other: Moments): void => {
  if (other.count === 0) return
  const { shift, weight } = meanTowards(into, other.count, other.mean)
  addProducts(into.scatter, new Float64Array(0), shift, weight)
  for (let i = 0; i < into.scatter.length; i++) into.scatter[i] += other.scatter[i]
}

/** The covariance matrix, symmetric [d, d], with divisor count - 1. */
export const covarianceOf = ({ count, mean: { length: dim }, scatter }: Moments): Float64Array => {
  const covariance = new Float64Array(dim * dim)
  for (let i = 0; i < dim; i++) {
    for (let j = i; j < dim; j++) {
      const value = scatter[i * dim + j] / (count - 1)
      covariance[i * dim + j] = value
      covariance[j * dim + i] = value
    }
  }
  return covariance
}

/** Number of axes whose variance exceeds rounding error; whitening cannot divide by the others. */
export const rankOf = (variances: Float64Array, dim: number): number => {
  const least = variances[0] * dim * Number.EPSILON
  const found = variances.findIndex((variance) => !(variance > least))
  return found < 0 ? variances.length : found
}

/**
 * Coordinates of vectors on the first `to` components, each divided by its standard deviation if `whiten`.
 *
 * @param vectors float32 [n, d]
 * @returns float32 [n, to]
 */
export const project = (
  { mean, components, variances }: Pick<Components, "mean" | "components" | "variances">,
  vectors: Float32Array,
  to: number,
  whiten: boolean
): Float32Array => {
  const dim = mean.length
  const count = vectors.length / dim
  const scales = Float64Array.from(variances.subarray(0, to), (variance) => (whiten ? 1 / Math.sqrt(variance) : 1))
  const projected = new Float32Array(count * to)
  const centred = new Float64Array(dim)
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < dim; i++) centred[i] = vectors[n * dim + i] - mean[i]
    for (let k = 0; k < to; k++) {
      let sum = 0
      for (let i = 0; i < dim; i++) sum += centred[i] * components[k * dim + i]
      projected[n * to + k] = sum * scales[k]
    }
  }
  return projected
}
