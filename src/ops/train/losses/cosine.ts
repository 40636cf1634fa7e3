/** Cosine similarities of a batch, and the gradient from similarities back to embeddings; float64, by tiles of rows. */
import { TINY } from "./terms.ts"

/** Vectors of a batch with their lengths divided out. */
export interface Directions {
  /** Rows divided by their lengths, [rows, dim]. */
  readonly unit: Float64Array
  readonly norms: Float64Array
  readonly rows: number
  readonly dim: number
}

/**
 * Divides each row by its length.
 *
 * @example
 * directions(Float32Array.of(3, 4), 1).norms[0] // => 5
 */
export const directions = (values: Float32Array, rows: number): Directions => {
  const dim = rows === 0 ? 0 : values.length / rows
  const unit = new Float64Array(values.length)
  const norms = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * dim
    let sum = 0
    for (let i = row * dim; i < end; i++) sum += values[i] * values[i]
    norms[row] = Math.sqrt(sum)
    const length = Math.max(norms[row], TINY)
    for (let i = row * dim; i < end; i++) unit[i] = values[i] / length
  }
  return { unit, norms, rows, dim }
}

const pair = (unit: Float64Array, dim: number, q: number, a: number): number => {
  let sum = 0
  for (let i = 0; i < dim; i++) sum += unit[q * dim + i] * unit[a * dim + i]
  return sum
}

/** Similarities of rows q and q + 1 with a .. a + 3, so that each loaded value serves several products. */
const tile = ({ dim, rows, unit }: Directions, q: number, a: number, S: Float64Array): void => {
  const [x, y] = [unit.subarray(q * dim, (q + 1) * dim), unit.subarray((q + 1) * dim, (q + 2) * dim)]
  const [c, d, e, f] = [0, 1, 2, 3].map((i) => unit.subarray((a + i) * dim, (a + i + 1) * dim))
  let [xc, xd, xe, xf, yc, yd, ye, yf] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let i = 0; i < dim; i++) {
    const [u, v] = [x[i], y[i]]
    xc += u * c[i]
    xd += u * d[i]
    xe += u * e[i]
    xf += u * f[i]
    yc += v * c[i]
    yd += v * d[i]
    ye += v * e[i]
    yf += v * f[i]
  }
  S.set([xc, xd, xe, xf], q * rows + a)
  S.set([yc, yd, ye, yf], (q + 1) * rows + a)
}

/**
 * Cosine similarities of the first rows with all rows, [anchors, rows]; those with a >= q are computed, the others mirrored.
 *
 * @param anchors number of first rows
 */
export const similarities = (given: Directions, anchors = given.rows): Float64Array => {
  const { dim, rows, unit } = given
  const S = new Float64Array(anchors * rows)
  const whole = rows - (rows % 4)
  for (let q = 0; q < anchors; q += 2) {
    const from = q - (q % 4)
    const both = q + 1 < anchors
    if (both) for (let a = from; a < whole; a += 4) tile(given, q, a, S)
    for (let row = q; row < Math.min(anchors, q + 2); row++) {
      for (let a = both ? Math.max(row, whole) : row; a < rows; a++) S[row * rows + a] = pair(unit, dim, row, a)
    }
  }
  for (let q = 0; q < anchors; q++) for (let a = q + 1; a < anchors; a++) S[a * rows + q] = S[q * rows + a]
  return S
}

/** dE of one row: the weighted sum of all rows, four at a time. */
const weighted = ({ dim, rows, unit }: Directions, weights: Float64Array, dE: Float64Array): void => {
  dE.fill(0)
  let a = 0
  for (; a + 3 < rows; a += 4) {
    const [s, t, u, v] = [weights[a], weights[a + 1], weights[a + 2], weights[a + 3]]
    const at = a * dim
    for (let i = 0; i < dim; i++) {
      dE[i] += s * unit[at + i] + t * unit[at + dim + i] + u * unit[at + 2 * dim + i] + v * unit[at + 3 * dim + i]
    }
  }
  for (; a < rows; a++) for (let i = 0; i < dim; i++) dE[i] += weights[a] * unit[a * dim + i]
}

/**
 * From dL/dS to dL/dx, through S = E E^T and E = x / |x|. A vector of length zero gets no gradient; rows that are not anchors
 * get none, either.
 *
 * @param dS [anchors, rows]
 */
export const toEmbeddings = (dS: Float64Array, given: Directions, anchors = given.rows): Float32Array => {
  const { dim, norms, rows, unit } = given
  const gradient = new Float32Array(unit.length)
  const dE = new Float64Array(dim)
  const weights = new Float64Array(rows)
  for (let q = 0; q < anchors; q++) {
    if (norms[q] < TINY) continue
    for (let a = 0; a < anchors; a++) weights[a] = dS[q * rows + a] + dS[a * rows + q]
    for (let a = anchors; a < rows; a++) weights[a] = dS[q * rows + a]
    weighted(given, weights, dE)
    let along = 0
    for (let i = 0; i < dim; i++) along += dE[i] * unit[q * dim + i]
    for (let i = 0; i < dim; i++) gradient[q * dim + i] = (dE[i] - along * unit[q * dim + i]) / norms[q]
  }
  return gradient
}
