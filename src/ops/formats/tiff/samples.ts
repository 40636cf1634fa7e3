/** How TIFF files store one value of a pixel (TIFF 6.0, BitsPerSample and SampleFormat), and as which dtype it is read. */
import { type Dtype, type Pixels, pixelsOf } from "../dtypes.ts"

/** A type of values in a file. Every value is read exactly; types without a dtype of their own are widened. */
export interface SampleType {
  /** Bits of one value. Values of 1, 2, 4 and 12 bits have no gaps between them; each row begins at a new byte. */
  readonly bits: number
  /** The dtype that values are read as. */
  readonly dtype: Dtype
  /** The dtype of the same width that bytes are put in order as, and differences are summed as. */
  readonly stored: Dtype
  /** From stored to read values, if the two differ. Throws if a value cannot be held exactly. */
  readonly widen?: (stored: Pixels) => Pixels
}

const same = (bits: number, dtype: Dtype): SampleType => ({ bits, dtype, stored: dtype })

/** IEEE 754 half precision: 1 bit of sign, 5 of exponent, 10 of fraction. */
const halfToFloat = (half: number): number => {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Whole numbers of 64 bits; float64 holds them exactly up to 2^53. */
const wideToFloat =
  (signed: boolean) =>
  ({ buffer, byteOffset, length }: Pixels): Float64Array => {
    const wide = signed ? new BigInt64Array(buffer, byteOffset, length) : new BigUint64Array(buffer, byteOffset, length)
    return Float64Array.from(wide, (value) => {
      const number = Number(value)
      if (Number.isSafeInteger(number)) return number
      throw new Error(`it holds ${value}, a whole number of 64 bits that float64 would round`)
    })
  }

/** By SampleFormat and bits. Format 4, untyped, is read as unsigned whole numbers, as libtiff does. */
const TYPES: Readonly<Record<string, SampleType>> = {
  ...Object.fromEntries([1, 2, 4].map((bits) => [`1/${bits}`, { bits, dtype: "uint8", stored: "uint8" } as const])),
  "1/8": same(8, "uint8"),
  "1/12": { bits: 12, dtype: "uint16", stored: "uint8" },
  "1/16": same(16, "uint16"),
  "1/32": same(32, "uint32"),
  "1/64": { bits: 64, dtype: "float64", stored: "float64", widen: wideToFloat(false) },
  "2/8": {
    bits: 8,
    dtype: "int16",
    stored: "uint8",
    widen: (stored) => Int16Array.from(stored, (value) => (value << 24) >> 24)
  },
  "2/16": same(16, "int16"),
  "2/32": same(32, "int32"),
  "2/64": { bits: 64, dtype: "float64", stored: "float64", widen: wideToFloat(true) },
  "3/16": { bits: 16, dtype: "float32", stored: "uint16", widen: (stored) => Float32Array.from(stored, halfToFloat) },
  "3/32": same(32, "float32"),
  "3/64": same(64, "float64")
}

/** SampleFormat by its number. */
const FORMATS = ["", "unsigned whole", "whole", "floating-point", "untyped", "complex whole", "complex"]

/** The type of values of a SampleFormat and a number of bits, or the words for one that is not read. */
export const sampleTypeOf = (format: number, bits: number): SampleType | string =>
  TYPES[`${format === 4 ? 1 : format}/${bits}`] ?? `${FORMATS[format] ?? `format ${format}`} pixels of ${bits} bits`

/** Whether a value's bits fill whole bytes. */
export const wholeBytes = ({ bits }: SampleType): boolean => bits % 8 === 0

/**
 * Takes values of 1, 2, 4 or 12 bits apart, highest bit first.
 *
 * @param packed rows of whole bytes
 * @param across values of a row
 */
export const unpackBits = (packed: Uint8Array, across: number, { bits, dtype }: SampleType): Pixels => {
  const rowBytes = Math.ceil((across * bits) / 8)
  const rows = packed.length / rowBytes
  const width = dtype === "uint8" ? 1 : 2
  const values = pixelsOf(dtype, new Uint8Array(rows * across * width))
  const mask = (1 << bits) - 1
  for (let row = 0, to = 0; row < rows; row++) {
    let at = row * rowBytes
    let held = 0
    let left = 0
    for (let i = 0; i < across; i++) {
      while (left < bits) {
        held = ((held << 8) | packed[at++]) & 0xf_ffff
        left += 8
      }
      left -= bits
      values[to++] = (held >>> left) & mask
    }
  }
  return values
}
