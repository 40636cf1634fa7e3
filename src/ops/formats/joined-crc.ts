/** Checksums of joined bytes (CRC-32, as zip has it). */

const POLYNOMIAL = 0xedb88320

/** Product of two polynomials modulo that of CRC-32; the highest bit is the coefficient of x^0. */
const product = (a: number, b: number): number => {
  let [sum, shifted] = [0, b]
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= shifted
    shifted = (shifted & 1) !== 0 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1
  }
  return sum >>> 0
}

/**
 * The checksum of two pieces of bytes behind each other, from the checksums of both: the first one is multiplied by
 * x^(8 n), which n bytes behind it do.
 *
 * @param length bytes of the second piece
 * @example
 * import { crc32 } from "node:zlib"
 * joinedCrc(crc32("first"), crc32("second"), 6) === crc32("firstsecond") // => true
 */
export const joinedCrc = (first: number, second: number, length: number): number => {
  let power = 0x80000000
  let square = 0x00800000
  for (let left = length; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = product(square, power)
    square = product(square, square)
  }
  return (product(power, first) ^ second) >>> 0
}
