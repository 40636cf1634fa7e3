/** Standardisation of vectors: mean 0 and deviation 1 of each component. */
import type { Vectors } from "../rank/vectors.ts"
import type { Matrix } from "./logistic.ts"

/** Rows that are copied at a time. */
const CHUNK = 4096

const inChunks = (vectors: Vectors, visit: (values: Float32Array, from: number) => void): void => {
  for (let from = 0; from < vectors.count; from += CHUNK) {
    visit(vectors.read(from, Math.min(vectors.count, from + CHUNK)), from)
  }
}

/** Mean and deviation of each component. */
export interface Moments {
  readonly mean: Float64Array
  readonly deviation: Float64Array
}

/**
 * Mean and population deviation of each component, in two passes of double precision. A component whose variance is only the
 * rounding error of its mean is constant and has deviation 1, as in scikit-learn's `StandardScaler`.
 */
export const momentsOf = (vectors: Vectors): Moments => {
  const { count, dim } = vectors
  const [mean, squares] = [new Float64Array(dim), new Float64Array(dim)]
  const add = (into: Float64Array, of: (value: number, k: number) => number) =>
    inChunks(vectors, (values) => {
      for (let i = 0; i < values.length; i++) into[i % dim] += of(values[i], i % dim) / count
    })
  add(mean, (value) => value)
  add(squares, (value, k) => (value - mean[k]) ** 2)
  const rounding = (k: number) => (count * mean[k] * Number.EPSILON) ** 2
  return { mean, deviation: squares.map((variance, k) => (variance <= rounding(k) ? 1 : Math.sqrt(variance))) }
}

/** Vectors minus the mean, divided by the deviation, in shared memory. */
export const standardised = (vectors: Vectors, { deviation, mean }: Moments): Matrix => {
  const { count: rows, dim } = vectors
  const values = new Float32Array(new SharedArrayBuffer(4 * rows * dim))
  inChunks(vectors, (chunk, from) => {
    for (let i = 0; i < chunk.length; i++) values[from * dim + i] = (chunk[i] - mean[i % dim]) / deviation[i % dim]
  })
  return { values, rows, dim }
}
