/** Half-precision numbers (IEEE 754 binary16): 1 sign bit, 5 exponent bits, 10 fraction bits. */

/**
 * The number of 16 bits.
 *
 * @example
 * halfValue(0x3c00) // => 1
 */
export const halfValue = (bits: number): number => {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

let table: Float32Array | undefined

/**
 * Converts half-precision numbers to float32, which holds each of them exactly.
 *
 * @param bits the 16 bits of each number
 * @example
 * [...fromHalf(Uint16Array.of(0x3c00, 0xc000, 0x0001))] // => [1, -2, 2 ** -24]
 */
export const fromHalf = (bits: Uint16Array): Float32Array => {
  table ??= Float32Array.from({ length: 65_536 }, (_, i) => halfValue(i))
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]]
  return values
}

const word = new Float32Array(1)
const wordBits = new Uint32Array(word.buffer)

/** The nearest half-precision number, ties to even, as NumPy and IEEE 754 round. */
const roundToHalf = (value: number): number => {
  word[0] = value
  const bits = wordBits[0]
  const sign = (bits >>> 16) & 0x8000
  const rest = bits & 0x7fffffff
  if (rest > 0x7f800000) return sign | 0x7e00
  // 65520 and above round to infinity.
  if (rest >= 0x477ff000) return sign | 0x7c00
  if (rest < 0x38800000) {
    // Below 2^-14 numbers are multiples of 2^-24.
    const scaled = Math.abs(value) * 2 ** 24
    const down = Math.floor(scaled)
    const over = scaled - down
    return sign | (over > 0.5 || (over === 0.5 && (down & 1) === 1) ? down + 1 : down)
  }
  const kept = rest >>> 13
  const dropped = rest & 0x1fff
  const up = dropped > 0x1000 || (dropped === 0x1000 && (kept & 1) === 1)
  return sign | (kept - (112 << 10) + (up ? 1 : 0))
}

/**
 * Rounds float32 numbers to half precision, ties to even. Numbers of 65520 and more become infinite.
 *
 * @returns the 16 bits of each number
 * @example
 * [...toHalf(Float32Array.of(1, -2, 65504))] // => [0x3c00, 0xc000, 0x7bff]
 */
export const toHalf = (values: Float32Array): Uint16Array => {
  const bits = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) bits[i] = roundToHalf(values[i])
  return bits
}
