/**
 * Number of ones in a 32-bit word (Warren, Hacker's Delight, figure 5-2).
 *
 * @example
 * popcount(0b1011) // => 3
 */
export const popcount = (word: number): number => {
  let x = word - ((word >>> 1) & 0x55555555)
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
