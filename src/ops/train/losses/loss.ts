/** What every loss takes and gives. Losses are pure: typed arrays in, typed arrays out, float64 inside. */

/** Row-major values [rows, columns] of one batch with multi-hot labels [rows, classes]. */
export interface LossInput {
  readonly values: Float32Array
  readonly labels: Uint8Array
  readonly rows: number
}

export interface LossValue {
  readonly value: number
  /** Derivative with respect to each input value, in the input's shape. */
  readonly gradient: Float32Array
  /** The smallest value that any input could give with these labels; NaN where it is not known. */
  readonly floor: number
}

/** A draw from 0..n-1. */
export type Choose = (n: number) => number

/** A loss; those that select at random do so by `choose`. */
export type Loss = (input: LossInput, choose: Choose) => LossValue
