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

/** The order of each epoch; the last one is kept, since an epoch is read in many ranges. */
export const remembered = (orderOf: (epoch: number) => Int32Array): ((epoch: number) => Int32Array) => {
  let last: { readonly epoch: number; readonly order: Int32Array } | undefined
  return (epoch) => {
    if (last?.epoch !== epoch) last = { epoch, order: orderOf(epoch) }
    return last.order
  }
}

/**
 * The draws of a range, one at a time.
 *
 * @param count patches of the split
 * @param first epoch that the range's numbers count from
 * @param orderOf the indices of an epoch, each once
 */
export const draws = (
  count: number,
  first: number,
  { from, to }: Range,
  orderOf: (epoch: number) => Int32Array
): Stream.Stream<Draw> => {
  const [begin, end] = count === 0 ? [0, 0] : [Math.floor(from / count), Math.ceil(to / count)]
  const passes = Array.from({ length: Math.max(0, end - begin) }, (_, i) => begin + i)
  return Stream.fromIterable(passes).pipe(
    Stream.rechunk(1),
    Stream.map((pass) => ({
      epoch: first + pass,
      part: orderOf(first + pass).subarray(Math.max(0, from - pass * count), to - pass * count)
    })),
    Stream.flatMap(({ epoch, part }) =>
      Stream.fromIterable(part).pipe(
        Stream.rechunk(1),
        Stream.map((index): Draw => ({ epoch, index }))
      )
    )
  )
}
