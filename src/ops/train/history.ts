/** One figure of validation over the epochs, and what it says: which was best, and whether it still gets better. */

export interface Validated {
  /** From 1. */
  readonly epoch: number
  readonly value: number
}

/** The history with one more; what an earlier run, which went on from an older checkpoint, had seen after it is dropped. */
export const extended = (history: ReadonlyArray<Validated>, next: Validated): ReadonlyArray<Validated> => [
  ...history.filter(({ epoch }) => epoch < next.epoch),
  next
]

/** The largest; the first of equals. */
export const bestOf = (history: ReadonlyArray<Validated>): Validated =>
  history.reduce((best, one) => (one.value > best.value ? one : best))

/** Validations since the best one. */
export const waited = (history: ReadonlyArray<Validated>): number =>
  history.filter(({ epoch }) => epoch > bestOf(history).epoch).length
