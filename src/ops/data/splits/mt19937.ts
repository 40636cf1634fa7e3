/**
 * numpy's legacy generator (`numpy.random.RandomState`, MT19937 of Matsumoto and Nishimura 1998), bit for bit, so that
 * published splits can be drawn again. New randomness comes from `pipeline/random.ts`.
 */

export interface Mt19937 {
  /** The next 32 random bits. */
  readonly uint32: () => number
  /** Uniform integer in 0..max, inclusive (numpy's masked rejection); `max` 0 consumes nothing. */
  readonly bounded: (max: number) => number
  /** `RandomState.permutation(n)`. */
  readonly permutation: (n: number) => Int32Array
  /** `RandomState.choice(pool, k, replace=False)`. */
  readonly choice: (pool: Int32Array, k: number) => Int32Array
}

const WORDS = 624
const SHIFT = 397

const seeded = (seed: number): Uint32Array => {
  const state = new Uint32Array(WORDS)
  state[0] = seed
  for (let i = 1; i < WORDS; i++) {
    const w = state[i - 1]
    state[i] = Math.imul(1812433253, w ^ (w >>> 30)) + i
  }
  return state
}

const regenerate = (state: Uint32Array): void => {
  for (let k = 0; k < WORDS; k++) {
    const y = (state[k] & 0x80000000) | (state[(k + 1) % WORDS] & 0x7fffffff)
    state[k] = state[(k + SHIFT) % WORDS] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
  }
}

const temper = (word: number): number => {
  let y = word
  y ^= y >>> 11
  y ^= (y << 7) & 0x9d2c5680
  y ^= (y << 15) & 0xefc60000
  return (y ^ (y >>> 18)) >>> 0
}

/** The generator of `numpy.random.seed(seed)`, 0 <= seed < 2^32. */
export const mt19937 = (seed: number): Mt19937 => {
  const state = seeded(seed)
  let position = WORDS
  const uint32 = () => {
    if (position === WORDS) {
      regenerate(state)
      position = 0
    }
    return temper(state[position++])
  }
  const bounded = (max: number) => {
    if (max === 0) return 0
    const mask = 0xffffffff >>> Math.clz32(max)
    for (;;) {
      const value = (uint32() & mask) >>> 0
      if (value <= max) return value
    }
  }
  const permutation = (n: number) => {
    const order = Int32Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = bounded(i)
      const kept = order[i]
      order[i] = order[j]
      order[j] = kept
    }
    return order
  }
  const choice = (pool: Int32Array, k: number) => {
    if (k > pool.length) throw new RangeError(`cannot choose ${k} of ${pool.length} without replacement`)
    return permutation(pool.length)
      .subarray(0, k)
      .map((i) => pool[i])
  }
  return { uint32, bounded, permutation, choice }
}
