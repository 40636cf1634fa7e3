/**
 * Computes values from the differences that TIFF packs in their place (TIFF 6.0, section 14; Adobe's TIFF technical note 3).
 */
import { type Pixels, rawBytes, swapBytes } from "../dtypes.ts"
import type { Predictor } from "./unpack.ts"

/** The arrangement of the values of a piece: rows of `across` values, `samples` values per pixel. */
export interface Grid {
  readonly across: number
  readonly samples: number
}

/** The same bytes as whole numbers, since differences wrap around whatever the type of the values is. */
const wholeNumbers = ({ BYTES_PER_ELEMENT, buffer, byteOffset, length }: Pixels) => {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, length)
  return BYTES_PER_ELEMENT === 2
    ? new Uint16Array(buffer, byteOffset, length)
    : new Uint32Array(buffer, byteOffset, length)
}

/** Adds to each value that of the pixel before it in its row. */
const sumAlong = (pixels: Pixels, { across, samples }: Grid): void => {
  const values = wholeNumbers(pixels)
  for (let begin = 0; begin < values.length; begin += across) {
    for (let i = begin + samples; i < begin + across; i++) values[i] += values[i - samples]
  }
}

const sumAlong64 = ({ buffer, byteOffset, length }: Pixels, { across, samples }: Grid): void => {
  const values = new BigUint64Array(buffer, byteOffset, length)
  for (let begin = 0; begin < length; begin += across) {
    for (let i = begin + samples; i < begin + across; i++) values[i] += values[i - samples]
  }
}

/**
 * Joins the bytes of values. A row holds the highest bytes of all its values, then the next lower ones, whatever the byte
 * order of the file; each byte is stored as its difference from the one before it.
 */
const joinBytes = (pixels: Pixels, { across, samples }: Grid): void => {
  const width = pixels.BYTES_PER_ELEMENT
  const bytes = rawBytes(pixels)
  for (let begin = 0; begin < bytes.length; begin += across * width) {
    const row = bytes.slice(begin, begin + across * width)
    for (let i = samples; i < row.length; i++) row[i] += row[i - samples]
    for (let byte = 0; byte < width; byte++) {
      const plane = (width - 1 - byte) * across
      for (let i = 0; i < across; i++) bytes[begin + i * width + byte] = row[plane + i]
    }
  }
}

/** Turns the numbers of an unpacked piece into values, in place: in the byte order of the machine, without differences. */
export const undoPredictor = (pixels: Pixels, predictor: Predictor, littleEndian: boolean, grid: Grid): void => {
  if (predictor === 3) {
    joinBytes(pixels, grid)
    return
  }
  if (!littleEndian) swapBytes(pixels)
  if (predictor === 2 && pixels.BYTES_PER_ELEMENT === 8) sumAlong64(pixels, grid)
  else if (predictor === 2) sumAlong(pixels, grid)
}
