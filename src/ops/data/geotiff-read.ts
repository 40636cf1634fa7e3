/** Reads single-band TIFF files: plain strips directly, all else by the `geotiff` package. */
import { fromArrayBuffer } from "geotiff"
import type { Band } from "../elements.ts"
import { bytesOf, dtypeOf, valuesAt } from "./dtypes.ts"
import { DataError } from "./errors.ts"
import { readTiffHeader, refusing, type TiffHeader } from "./tiff-header.ts"

/** A band without its name. */
export type Raster = Omit<Band, "name">

const reversedWords = (bytes: Uint8Array, size: number): void => {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse()
}

/** Joins strips; a multi-byte value never spans two of them. */
const readStrips = (bytes: Uint8Array, header: TiffHeader, strips: NonNullable<TiffHeader["strips"]>): Raster => {
  const { height, width, dtype, littleEndian } = header
  const rowBytes = width * bytesOf(dtype)
  const joined = new Uint8Array(height * rowBytes)
  strips.offsets.forEach((offset, i) => {
    const from = i * strips.rows
    const length = Math.min(strips.rows, height - from) * rowBytes
    joined.set(bytes.subarray(offset, offset + length), from * rowBytes)
  })
  if (!littleEndian) reversedWords(joined, bytesOf(dtype))
  return { dtype, height, width, data: valuesAt(dtype, joined, 0, height * width) }
}

const readPacked = async (bytes: Uint8Array, header: TiffHeader, file: string): Promise<Raster> => {
  const { height, width, dtype } = header
  const copy = new Uint8Array(bytes)
  try {
    const image = await (await fromArrayBuffer(copy.buffer)).getImage(0)
    const [data] = await image.readRasters({ interleave: false })
    if (typeof data === "number" || dtypeOf(data) !== dtype || data.length !== height * width) {
      return refusing(file)("holds other pixels than its header says")
    }
    return { dtype, height, width, data: data as Band["data"] }
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DataError({
      subject: file,
      problem: `cannot be unpacked (${reason})`,
      remedy: "Get the file anew: it is damaged, or packed in a way that is not read",
      cause
    })
  }
}

/**
 * Reads the one band of a TIFF file, row-major [height, width] in the file's dtype, of either byte order.
 *
 * @param file for messages
 * @returns rejects with DataError where the file is damaged, cut short, claims more than it can hold, or is of another kind
 */
export const decodeTiff = async (bytes: Uint8Array, file: string): Promise<Raster> => {
  const header = readTiffHeader(bytes, file)
  return header.strips === undefined ? readPacked(bytes, header, file) : readStrips(bytes, header, header.strips)
}
