/** Orders by score: a stable radix sort on the bits of floats, several times faster than comparing. */

/** Digits of 11 bits: three passes over 32. */
const BITS = 11
const SIZE = 1 << BITS
const MASK = SIZE - 1

/**
 * Key and position side by side, also seen as doubles, so that both move at once. A position is the upper half of its
 * double; below 2^30, which no array of pairs reaches, that is never a NaN, whose bits might change on the way.
 */
interface Pairs {
  readonly words: Uint32Array
  readonly whole: Float64Array
}

/** Memory that one sort of n scores needs and the next can use again. */
export interface Scratch {
  readonly pairs: readonly [Pairs, Pairs]
  readonly counts: Uint32Array
}

/** Bytes of `scratch(n)` but for its counts. */
export const scratchBytes = (n: number): number => 16 * n

const pairs = (n: number): Pairs => {
  const whole = new Float64Array(n)
  return { whole, words: new Uint32Array(whole.buffer) }
}

export const scratch = (n: number): Scratch => ({ pairs: [pairs(n), pairs(n)], counts: new Uint32Array(3 * SIZE) })

/**
 * Turns the bits of floats into unsigned words that ascend where the floats descend, and back: a positive float's bits
 * ascend with it, a negative one's descend, so it is enough to turn round all but the sign of those that are not negative.
 */
const turned = (bits: number): number => bits ^ (0x7fffffff & ~(bits >> 31))

/** Writes keys and positions, and counts how often each value of each digit occurs. */
const fill = (scores: Float32Array, { words }: Pairs, spare: Pairs, counts: Uint32Array): void => {
  const n = scores.length
  const floats = new Float32Array(spare.whole.buffer, 0, n)
  const bits = new Int32Array(spare.whole.buffer, 0, n)
  // -0 is made 0, for they are equal.
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

/** Turns the counts of a digit into where the first item of each value goes. */
const toStarts = (counts: Uint32Array, base: number): void => {
  let sum = 0
  for (let digit = base; digit < base + SIZE; digit++) {
    const count = counts[digit]
    counts[digit] = sum
    sum += count
  }
}

/** One pass: every pair to the place of its digit. */
const move = (n: number, from: Pairs, to: Pairs, shift: number, counts: Uint32Array, base: number): void => {
  const { whole, words } = from
  const target = to.whole
  for (let i = 0; i < n; i++) target[counts[base + ((words[2 * i] >>> shift) & MASK)]++] = whole[i]
}

/** Whether all are, of scores in order: what is not finite is at one of the ends, the order being that of the bits. */
export const allFinite = (sorted: Float32Array): boolean =>
  sorted.length === 0 || (Number.isFinite(sorted[0]) && Number.isFinite(sorted[sorted.length - 1]))

/**
 * Positions of scores from the highest to the lowest; equal scores, 0 and -0 among them, by ascending position.
 *
 * @param scores finite, [n]
 * @param order where the positions are written, int32 [n]
 * @param sorted where the scores are written in that order, -0 as 0; float32 [n]
 * @param memory of `scratch(n)`
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
