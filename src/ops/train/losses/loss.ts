/** What every loss gives. Losses are pure: typed arrays in, typed arrays out, float64 inside. */
export interface LossValue {
  readonly value: number
  /** Derivative with respect to each input value, in the input's shape. */
  readonly gradient: Float32Array
  /** The smallest value that any input could give with these labels. */
  readonly floor: number
}

/** Row-major values [rows, columns] of one batch with multi-hot labels [rows, classes]. */
export interface LossInput {
  readonly values: Float32Array
  readonly labels: Uint8Array
  readonly rows: number
}
