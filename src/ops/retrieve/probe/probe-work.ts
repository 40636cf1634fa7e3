/** Fits labels of a linear probe in a worker thread. Does not import Effect. */
import type { Work } from "../../workers/thread.ts"
import { fitted, type Matrix, probabilitiesOf } from "./logistic.ts"

/** Standardised vectors, in shared memory. */
export interface ProbeData {
  readonly train: Matrix
  readonly test: Matrix
  /** Labels of the training, uint8 [rows, classes]. */
  readonly labels: Uint8Array
  readonly classes: number
  readonly c: number
}

/** Probabilities of one label for the tested images. */
export interface Probed {
  readonly probabilities: Float32Array
  readonly converged: boolean
}

/** A task is the number of a class. */
export const work: Work<ProbeData, number, Probed> =
  ({ c, classes, labels, test, train }) =>
  (label) => {
    const own = Uint8Array.from({ length: train.rows }, (_, row) => labels[row * classes + label])
    const fit = fitted(train, own, c)
    const probabilities = probabilitiesOf(test, fit)
    return { output: { probabilities, converged: fit.converged }, transfer: [probabilities.buffer] }
  }
