/** Sorting by score: a stable radix sort on the bits of floats, several times faster than a sort by comparison. */

/** Digits of 11 bits: three passes over 32. */
const BITS = 11
const SIZE = 1 << BITS
const MASK = SIZE - 1

/**
 * Pairs of key and position, also viewed as doubles, so that one copy moves both. The position is the upper half of its
 * double. Positions below 2^30, and no array of pairs is longer, never form a NaN, whose bits a copy might change.
 */
interface Pairs {
  readonly words: Uint32Array
  readonly whole: Float64Array
}

/** Memory for a sort of n scores; the next sort can reuse it. */
export interface Scratch {
  readonly pairs: readonly [Pairs, Pairs]
  readonly counts: Uint32Array
}

/** Bytes of `scratch(n)`, without its counts. */
export const scratchBytes = (n: number): number => 16 * n

const pairs = (n: number): Pairs => {
  const whole = new Float64Array(n)
  return { whole, words: new Uint32Array(whole.buffer) }
}

export const scratch = (n: number): Scratch => ({ pairs: [pairs(n), pairs(n)], counts: new Uint32Array(3 * SIZE) })

/**
 * Converts the bits of a float to an unsigned key that ascends as the float descends, and back. Bits of positive floats
 * ascend with the float, bits of negative floats descend, so only the non-negative ones are inverted, all but their sign.
 */
const turned = (bits: number): number => bits ^ (0x7fffffff & ~(bits >> 31))

/** Writes keys and positions, and counts the values of each digit. */
const fill = (scores: Float32Array, { words }: Pairs, spare: Pairs, counts: Uint32Array): void => {
  const n = scores.length
  const floats = new Float32Array(spare.whole.buffer, 0, n)
  const bits = new Int32Array(spare.whole.buffer, 0, n)
  // -0 becomes 0, because the two are equal.
  for (let i = 0; i < n; i++) floats[i] = scores[i] + 0
  counts.fill(0)
  for (let i = 0; i < n; i++) {
    const key = turned(bits[i])
    words[2 * i] = key
    words[2 * i + 1] = i
    counts[key & MASK]++
    counts[SIZE + ((key >>> BITS) & MASK)]++
    counts[2 * SIZE + (key >>> (2 * BITS))]++
  }
}

/** Converts the counts of a digit to the index of the first item of each value. */
const toStarts = (counts: Uint32Array, base: number): void => {
  let sum = 0
  for (let digit = base; digit < base + SIZE; digit++) {
    const count = counts[digit]
    counts[digit] = sum
    sum += count
  }
}

/** One pass of the sort: moves every pair to the place of its digit. */
const move = (n: number, from: Pairs, to: Pairs, shift: number, counts: Uint32Array, base: number): void => {
  const { whole, words } = from
  const target = to.whole
  for (let i = 0; i < n; i++) target[counts[base + ((words[2 * i] >>> shift) & MASK)]++] = whole[i]
}

/** Whether all of some sorted scores are finite. Infinity and NaN are at the ends, because the sort compares bits. */
export const allFinite = (sorted: Float32Array): boolean =>
  sorted.length === 0 || (Number.isFinite(sorted[0]) && Number.isFinite(sorted[sorted.length - 1]))

/**
 * Sorts positions by their scores, highest first. Equal scores (0 and -0 are equal) are ordered by ascending position.
 *
 * @param scores finite, [n]
 * @param order receives the positions, int32 [n]
 * @param sorted receives the scores in that order, -0 as 0; float32 [n]
 * @param memory `scratch(n)`
 */
export const descending = (scores: Float32Array, order: Int32Array, sorted: Float32Array, memory: Scratch): void => {
  const n = scores.length
  const { counts } = memory
  const [one, two] = memory.pairs
  fill(scores, one, two, counts)
  for (const base of [0, SIZE, 2 * SIZE]) toStarts(counts, base)
  move(n, one, two, 0, counts, 0)
  move(n, two, one, BITS, counts, SIZE)
  const { words } = one
  const bits = new Int32Array(sorted.buffer, sorted.byteOffset, n)
  for (let i = 0; i < n; i++) {
    const key = words[2 * i]
    const at = counts[2 * SIZE + (key >>> (2 * BITS))]++
    order[at] = words[2 * i + 1]
    bits[at] = turned(key)
  }
}
