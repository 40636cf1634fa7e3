/** Orders by score: a stable radix sort on the bits of floats, several times faster than comparing. */

/** Digits of 11 bits: three passes over 32. */
const BITS = 11
const SIZE = 1 << BITS
const PASSES = 3

/** Memory that one sort of n scores needs and the next can use again. */
export interface Scratch {
  readonly keys: readonly [Uint32Array, Uint32Array]
  readonly order: Int32Array
  readonly counts: Uint32Array
}

export const scratch = (n: number): Scratch => ({
  keys: [new Uint32Array(n), new Uint32Array(n)],
  order: new Int32Array(n),
  counts: new Uint32Array(PASSES * SIZE)
})

/**
 * Unsigned words that ascend where the floats descend: a float's bits ascend with it once negative ones are inverted and
 * the others have their sign bit set; the complement turns that round. -0 is made 0 first, for they are equal.
 */
const descendingKeys = (scores: Float32Array, keys: Uint32Array): void => {
  const floats = new Float32Array(keys.buffer, keys.byteOffset, scores.length)
  for (let i = 0; i < scores.length; i++) floats[i] = scores[i] + 0
  for (let i = 0; i < scores.length; i++) {
    const bits = keys[i]
    keys[i] = bits >>> 31 === 1 ? bits : ~bits & 0x7fffffff
  }
}

/** How often each value of each digit occurs, turned into where its first item goes. */
const countDigits = (keys: Uint32Array, n: number, counts: Uint32Array): void => {
  counts.fill(0)
  for (let i = 0; i < n; i++) {
    const key = keys[i]
    counts[key & (SIZE - 1)]++
    counts[SIZE + ((key >>> BITS) & (SIZE - 1))]++
    counts[2 * SIZE + (key >>> (2 * BITS))]++
  }
  for (let pass = 0; pass < PASSES; pass++) {
    let sum = 0
    for (let digit = pass * SIZE; digit < (pass + 1) * SIZE; digit++) {
      const count = counts[digit]
      counts[digit] = sum
      sum += count
    }
  }
}

/**
 * Positions of scores from the highest to the lowest; equal scores, 0 and -0 among them, by ascending position.
 *
 * @param scores finite, [n]
 * @param into where the order is written, int32 [n]
 * @param memory of `scratch(n)`
 */
export const descending = (scores: Float32Array, into: Int32Array, memory: Scratch): void => {
  const n = scores.length
  const { counts } = memory
  let [from, to] = memory.keys
  descendingKeys(scores, from)
  countDigits(from, n, counts)
  // Three passes end in `into`: into, order, into.
  let before = memory.order
  let after = into
  for (let pass = 0; pass < PASSES; pass++) {
    const shift = pass * BITS
    const base = pass * SIZE
    for (let i = 0; i < n; i++) {
      const key = from[i]
      const at = counts[base + ((key >>> shift) & (SIZE - 1))]++
      to[at] = key
      after[at] = pass === 0 ? i : before[i]
    }
    const swapped = from
    from = to
    to = swapped
    const order = before
    before = after
    after = order
  }
}
