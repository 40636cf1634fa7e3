/**
 * Random numbers that depend on their purpose, never on the moment of the draw.
 *
 * Every draw comes from a generator made from (seed, epoch, item, purpose), so results do not depend on the concurrency
 * of a stream, on the order of completion, or on the point at which a run was resumed.
 */

/** A generator of random numbers; each method advances it. */
export interface Random {
  /** Uniform in [0, 1), 32 random bits. */
  readonly next: () => number
  /** Uniform integer in [0, n). */
  readonly int: (n: number) => number
  /** Uniform in [low, high). */
  readonly between: (low: number, high: number) => number
  /** Standard normal (Box and Muller 1958). */
  readonly normal: () => number
  /** A permutation of 0..n-1 (Fisher and Yates). */
  readonly permutation: (n: number) => Int32Array
}

/** The finaliser of MurmurHash3 (Appleby), a bijection on 32-bit words. */
const mix = (word: number): number => {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const absorb = (state: number, word: number): number => mix(Math.imul(state ^ word, 0x9e3779b1) + 0x7f4a7c15)

const absorbText = (state: number, text: string): number => {
  let h = absorb(state, text.length)
  for (let i = 0; i < text.length; i++) h = absorb(h, text.charCodeAt(i))
  return h
}

/** sfc32 (Doty-Humphrey, PractRand): 128 bits of state, passes BigCrush. */
const sfc32 = (a: number, b: number, c: number): (() => number) => {
  let counter = 1
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return next
}

/**
 * The generator of (seed, epoch, item, purpose).
 *
 * @param item the object of the draw: an index, or a name if indices may change
 * @param purpose the decision that is drawn, so that two decisions about one item are independent
 *
 * @example
 * random(24, 0, 7, "flip").next() === random(24, 0, 7, "flip").next() // => true
 * random(24, 0, 7, "flip").next() === random(24, 1, 7, "flip").next() // => false
 */
export const random = (seed: number, epoch: number, item: number | string, purpose: string): Random => {
  const key = (salt: number) => {
    const h = absorb(absorb(absorb(salt, seed | 0), Math.floor(seed / 0x1_0000_0000) | 0), epoch | 0)
    return absorbText(
      typeof item === "number" ? absorb(absorb(h, 1), item | 0) : absorbText(absorb(h, 2), item),
      purpose
    )
  }
  const word = sfc32(key(0x243f6a88), key(0x85a308d3), key(0x13198a2e))
  const next = () => word() / 0x1_0000_0000
  const int = (n: number) => Math.floor(next() * n)
  return {
    next,
    int,
    between: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    permutation: (n) => {
      const order = Int32Array.from({ length: n }, (_, i) => i)
      for (let i = n - 1; i > 0; i--) {
        const j = int(i + 1)
        const kept = order[i]
        order[i] = order[j]
        order[j] = kept
      }
      return order
    }
  }
}
