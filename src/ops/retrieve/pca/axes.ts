/** The axes of a covariance matrix, computed in a worker thread because 2,048 dimensions take a minute. */
import { EigenvalueDecomposition, Matrix } from "ml-matrix"
import type { Work } from "../../workers/thread.ts"

/** Eigenvectors and eigenvalues of a covariance matrix. */
export interface Axes {
  /** Unit vectors, [k, d]. */
  readonly components: Float64Array<ArrayBuffer>
  /** Variances along all d axes, descending; rounding may make the last ones negative. */
  readonly variances: Float64Array<ArrayBuffer>
}

/** The axis with the sign that makes its largest entry positive (the first, if several are equally large). */
const turned = (axis: ReadonlyArray<number>): ReadonlyArray<number> => {
  const largest = axis.reduce((best, value, i) => (Math.abs(value) > Math.abs(axis[best]) ? i : best), 0)
  return axis[largest] < 0 ? axis.map((value) => -value) : axis
}

/**
 * The axes of a covariance matrix.
 *
 * @param covariance [d, d], symmetric
 * @param keep number of components, k
 *
 * @example
 * axesOf(Float64Array.of(1, 0, 0, 4), 1).components // => Float64Array.of(0, 1)
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
