/**
 * GDAL's field `GDAL_NODATA`: text that names the value of pixels without data. Sparse files leave such pixels out; in
 * others they are pixels like any other.
 */
import type { Dtype } from "../dtypes.ts"

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

/** The largest finite value of float32. */
const FLOAT32_MAX = 2 ** 128 - 2 ** 104

/**
 * The value that marks pixels without data, as pixels of a type hold it.
 *
 * @param value finite or not; the text of a file may give more or fewer digits than the type has
 * @returns `undefined` if no pixel of this type can have the value
 *
 * @example
 * pixelNodata(-9999, "uint8") // => undefined
 * pixelNodata(0.1, "float32") // => 0.10000000149011612
 */
export const pixelNodata = (value: number, dtype: Dtype): number | undefined => {
  if (dtype === "float64" || dtype === "float32") {
    if (!Number.isFinite(value)) return value
    const most = dtype === "float32" ? FLOAT32_MAX : Number.MAX_VALUE
    const held = Math.min(most, Math.max(-most, value))
    return dtype === "float32" ? Math.fround(held) : held
  }
  const range = RANGES[dtype]
  return range !== undefined && Number.isInteger(value) && value >= range[0] && value <= range[1] ? value : undefined
}

/** The value that GDAL's tag declares; `undefined` if the text is not a number, or no pixel can have it. */
export const declaredNodata = (text: string, dtype: Dtype): number | undefined => {
  const trimmed = text.trim()
  const value = numberOf(trimmed)
  // A decimal that is a little beyond the largest double is meant as that.
  const beyond = value !== undefined && !Number.isFinite(value) && /\d/.test(trimmed)
  return value === undefined ? undefined : pixelNodata(beyond ? Math.sign(value) * Number.MAX_VALUE : value, dtype)
}

/**
 * The value as GDAL fills it in: whole-number types take the nearest that they can hold, halves away from 0, and 0 for NaN.
 *
 * @returns `undefined` if the text is not a number
 */
export const nodataOf = (text: string, dtype: Dtype): number | undefined => {
  const value = numberOf(text.trim())
  const range = RANGES[dtype]
  if (value === undefined || range === undefined) return value
  if (Number.isNaN(value)) return 0
  const whole = Math.sign(value) * Math.round(Math.abs(value))
  return Math.min(range[1], Math.max(range[0], whole))
}
