/** Logistic regression of one label on standardised embeddings. Runs in worker threads. */
import { sigmoid, softplus } from "../../logistic.ts"
import { minimise, type Objective } from "./lbfgs.ts"

/** Vectors in the rows of a matrix, float32 [rows, dim]. */
export interface Matrix {
  readonly values: Float32Array
  readonly rows: number
  readonly dim: number
}

/** Largest component of the gradient at the end, per image. */
const TOLERANCE = 1e-8
const MOST_ITERATIONS = 2000

/** Weights of the components and, last, the intercept, times a row. */
const logit = ({ dim, values }: Matrix, row: number, weights: Float64Array): number => {
  let sum = weights[dim]
  for (let k = 0, from = row * dim; k < dim; k++, from++) sum += values[from] * weights[k]
  return sum
}

/** Half the squared length of the weights plus `c` times the log loss of all rows. The intercept is not penalised. */
const penalisedLoss =
  (matrix: Matrix, labels: Uint8Array, c: number): Objective =>
  (weights, gradient) => {
    const { dim, rows, values } = matrix
    let loss = 0
    gradient.fill(0)
    for (let row = 0; row < rows; row++) {
      const score = logit(matrix, row, weights)
      loss += softplus(labels[row] === 1 ? -score : score)
      const slope = sigmoid(score) - labels[row]
      for (let k = 0, from = row * dim; k < dim; k++, from++) gradient[k] += slope * values[from]
      gradient[dim] += slope
    }
    let squares = 0
    for (let k = 0; k <= dim; k++) {
      const own = k < dim ? weights[k] : 0
      gradient[k] = c * gradient[k] + own
      squares += own * own
    }
    return squares / 2 + c * loss
  }

/** A fitted label. */
export interface Fitted {
  /** float64 [dim + 1], the intercept last; `undefined` if all images of the training agree about the label. */
  readonly weights: Float64Array | undefined
  /** Probability if there are no weights. */
  readonly constant: number
  readonly converged: boolean
}

/**
 * Fits one label: minimises |w|² / 2 + c times the log loss, as scikit-learn's `LogisticRegression(C=c)` does.
 *
 * @param labels 0 and 1, uint8 [rows]
 * @param c inverse strength of the penalty
 *
 * @example
 * const matrix = { values: Float32Array.of(-1, -1, 1, 1), rows: 4, dim: 1 }
 * fitted(matrix, Uint8Array.of(1, 1, 1, 1), 1).constant // => 1
 * fitted(matrix, Uint8Array.of(0, 0, 1, 1), 1).converged // => true
 */
export const fitted = (matrix: Matrix, labels: Uint8Array, c: number): Fitted => {
  const positive = labels.reduce((sum, label) => sum + label, 0)
  if (positive === 0 || positive === labels.length) {
    return { weights: undefined, constant: positive === 0 ? 0 : 1, converged: true }
  }
  const tolerance = TOLERANCE * Math.max(1, c * matrix.rows)
  const start = new Float64Array(matrix.dim + 1)
  const { converged, x } = minimise(penalisedLoss(matrix, labels, c), start, { tolerance, most: MOST_ITERATIONS })
  return { weights: x, constant: 0, converged }
}

/** Probability of a fitted label for each row, float32 [rows]. */
export const probabilitiesOf = (matrix: Matrix, { constant, weights }: Fitted): Float32Array =>
  Float32Array.from({ length: matrix.rows }, (_, row) =>
    weights === undefined ? constant : sigmoid(logit(matrix, row, weights))
  )
