/** The order in which patches are read, epoch after epoch. */
import { Stream } from "effect"
import { random } from "../../../../pipeline/random.ts"
import type { Range } from "../../../../pipeline/splits.ts"

/** One patch to read. */
export interface Draw {
  readonly epoch: number
  /** Position in the split's list. */
  readonly index: number
}

/** The indices of an epoch: 0 to count - 1; if `shuffle` is set, permuted by a draw keyed by (seed, epoch). */
export const epochOrder = (count: number, epoch: number, shuffle: boolean, seed: number): Int32Array =>
  shuffle ? random(seed, epoch, 0, "order").permutation(count) : Int32Array.from({ length: count }, (_, i) => i)

/**
 * The draws of a range, one at a time.
 *
 * @param count patches of the split
 * @param first epoch that the range's numbers count from
 */
export const draws = (
  count: number,
  first: number,
  { from, to }: Range,
  shuffle: boolean,
  seed: number
): Stream.Stream<Draw> => {
  const [begin, end] = count === 0 ? [0, 0] : [Math.floor(from / count), Math.ceil(to / count)]
  const passes = Array.from({ length: Math.max(0, end - begin) }, (_, i) => begin + i)
  return Stream.fromIterable(passes).pipe(
    Stream.rechunk(1),
    Stream.map((pass) => ({
      epoch: first + pass,
      part: epochOrder(count, first + pass, shuffle, seed).subarray(Math.max(0, from - pass * count), to - pass * count)
    })),
    Stream.flatMap(({ epoch, part }) =>
      Stream.fromIterable(part).pipe(
        Stream.rechunk(1),
        Stream.map((index): Draw => ({ epoch, index }))
      )
    )
  )
}
