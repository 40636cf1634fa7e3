/** Fits a rotation in a worker thread, because many dimensions take minutes. It imports no Effect. */
import type { Work } from "../../workers/thread.ts"
import { ITQ_ITERATIONS, itqRotation } from "./itq.ts"

/** Vectors to fit on, float64 [n, dim], centred. */
export interface Rotating {
  readonly vectors: Float64Array
  readonly dim: number
  readonly seed: number
}

export const work: Work<undefined, Rotating, Float64Array> =
  () =>
  ({ dim, seed, vectors }) => ({ output: itqRotation(vectors, dim, ITQ_ITERATIONS, seed) })
