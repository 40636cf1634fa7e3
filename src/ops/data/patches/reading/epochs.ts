/** The order in which patches are read, epoch after epoch. */
import { Stream } from "effect"
import { random } from "../../../../pipeline/random.ts"

/** One patch to read. */
export interface Draw {
  readonly epoch: number
  /** Position in the split's list. */
  readonly index: number
}

/** The indices of an epoch: 0 to count - 1; if `shuffle` is set, permuted by a draw keyed by (seed, epoch). */
export const epochOrder = (count: number, epoch: number, shuffle: boolean, seed: number): Int32Array =>
  shuffle ? random(seed, epoch, 0, "order").permutation(count) : Int32Array.from({ length: count }, (_, i) => i)

/** Every draw of the epochs from `first` (inclusive) to `last` (exclusive), one at a time. */
export const draws = (
  count: number,
  first: number,
  last: number,
  shuffle: boolean,
  seed: number
): Stream.Stream<Draw> => {
  const epochs = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i)
  return Stream.fromIterable(epochs).pipe(
    Stream.rechunk(1),
    Stream.flatMap((epoch) =>
      Stream.fromIterable(epochOrder(count, epoch, shuffle, seed)).pipe(
        Stream.rechunk(1),
        Stream.map((index): Draw => ({ epoch, index }))
      )
    )
  )
}
