/** What stands where a sparse TIFF file has no pixels: GDAL's field of text, as the pixel type can hold it. */
import type { Dtype } from "../../elements.ts"

/** Least and greatest value of the whole-number types. */
const RANGES: Readonly<Partial<Record<Dtype, readonly [number, number]>>> = {
  uint8: [0, 2 ** 8 - 1],
  uint16: [0, 2 ** 16 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1]
}

const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "+inf": Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY
}

const numberOf = (text: string): number | undefined => {
  const value = WORDS[text.toLowerCase()] ?? Number(text)
  return text === "" || (Number.isNaN(value) && text.toLowerCase() !== "nan") ? undefined : value
}

/**
 * The value as GDAL fills it in: whole-number types take the nearest that they can hold, halves away from 0, and 0 for NaN.
 *
 * @returns `undefined` where the text is no number
 */
export const nodataOf = (text: string, dtype: Dtype): number | undefined => {
  const value = numberOf(text.trim())
  const range = RANGES[dtype]
  if (value === undefined || range === undefined) return value
  if (Number.isNaN(value)) return 0
  const whole = Math.sign(value) * Math.round(Math.abs(value))
  return Math.min(range[1], Math.max(range[0], whole))
}
