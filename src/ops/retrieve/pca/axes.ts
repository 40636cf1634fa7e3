/** The axes of a covariance matrix; for a worker thread, since 2,048 dimensions take a minute. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix"
import type { Work } from "../../workers/thread.ts"

export interface Axes {
  /** [k, d], rows. */
  readonly components: Float64Array<ArrayBuffer>
  /** All d, descending; rounding may make the last ones negative. */
  readonly variances: Float64Array<ArrayBuffer>
}

/** Turned so that the entry of the largest size, of equal ones the first, is positive: either direction is an axis. */
const turned = (axis: ReadonlyArray<number>): ReadonlyArray<number> => {
  const largest = axis.reduce((best, value, i) => (Math.abs(value) > Math.abs(axis[best]) ? i : best), 0)
  return axis[largest] < 0 ? axis.map((value) => -value) : axis
}

/**
 * @param covariance [d, d], symmetric
 * @param keep k, how many components
 */
export const axesOf = (covariance: Float64Array, keep: number): Axes => {
  const dim = Math.sqrt(covariance.length)
  const matrix = Matrix.from1DArray(dim, dim, covariance)
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true
  })
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b)
  return {
    components: Float64Array.from(order.slice(0, keep).flatMap((i) => turned(vectors.getColumn(i)))),
    variances: Float64Array.from(order, (i) => values[i])
  }
}

export const work: Work<undefined, { readonly covariance: Float64Array; readonly keep: number }, Axes> =
  () =>
  ({ covariance, keep }) => {
    const output = axesOf(covariance, keep)
    return { output, transfer: [output.components.buffer, output.variances.buffer] }
  }
