/** Reads TIFF files: plain strips, which are all that BigEarthNet has, directly; all else by the `geotiff` package. */
import { fromArrayBuffer } from "geotiff"
import type { Band, Pixels } from "../elements.ts"
import { bytesOf, dtypeOf, pixelsOf, swapBytes } from "./dtypes.ts"
import { DataError } from "./faults.ts"
import { refusing } from "./tiff-fields.ts"
import { readTiffHeader, type Strips, type TiffHeader } from "./tiff-header.ts"

/** A band without its name. */
export type Raster = Omit<Band, "name">

/** One of `samples` values of every pixel. */
const everyNth = (pixels: Pixels, samples: number, sample: number): Pixels => {
  const band = pixels.slice(0, pixels.length / samples)
  for (let i = 0, from = sample; i < band.length; i++, from += samples) band[i] = pixels[from]
  return band
}

/** Joins the strips from `first` on to whole rows of `across` values; a value of many bytes never spans two strips. */
const joinStrips = (bytes: Uint8Array, header: TiffHeader, strips: Strips, first: number, across: number): Pixels => {
  const { height, dtype, littleEndian } = header
  const rowBytes = across * bytesOf(dtype)
  const joined = new Uint8Array(height * rowBytes)
  for (let row = 0, i = first; row < height; row += strips.rows, i++) {
    const offset = strips.offsets[i]
    const length = Math.min(strips.rows, height - row) * rowBytes
    joined.set(bytes.subarray(offset, offset + length), row * rowBytes)
  }
  const pixels = pixelsOf(dtype, joined)
  if (!littleEndian) swapBytes(pixels)
  return pixels
}

const readStrips = (bytes: Uint8Array, header: TiffHeader, strips: Strips): ReadonlyArray<Raster> => {
  const { dtype, height, samples, width } = header
  const bands = Array.from({ length: samples }, (_, sample) => sample)
  const raster = (data: Pixels): Raster => ({ dtype, height, width, data })
  if (strips.planar) {
    const perBand = strips.offsets.length / samples
    return bands.map((sample) => raster(joinStrips(bytes, header, strips, sample * perBand, width)))
  }
  const pixels = joinStrips(bytes, header, strips, 0, width * samples)
  return samples === 1 ? [raster(pixels)] : bands.map((sample) => raster(everyNth(pixels, samples, sample)))
}

const readPacked = async (bytes: Uint8Array, header: TiffHeader, file: string): Promise<ReadonlyArray<Raster>> => {
  const { height, width, dtype, samples } = header
  const copy = new Uint8Array(bytes)
  try {
    const image = await (await fromArrayBuffer(copy.buffer)).getImage(0)
    const bands = await image.readRasters({ interleave: false })
    return Array.from({ length: samples }, (_, sample) => {
      const data = bands[sample]
      if (typeof data !== "object" || dtypeOf(data) !== dtype || data.length !== height * width) {
        return refusing(file)("holds other pixels than its header says")
      }
      return { dtype, height, width, data: data as Band["data"] }
    })
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
 * Reads all bands of a TIFF file, each row-major [height, width] in the file's dtype, of either byte order.
 *
 * @param file for messages
 * @returns rejects with DataError where the file is damaged, cut short, claims more than it can hold, or is of another kind
 */
export const decodeTiffBands = async (bytes: Uint8Array, file: string): Promise<ReadonlyArray<Raster>> => {
  const header = readTiffHeader(bytes, file)
  return header.strips === undefined ? readPacked(bytes, header, file) : readStrips(bytes, header, header.strips)
}

/**
 * Reads the one band of a TIFF file.
 *
 * @returns rejects with DataError as `decodeTiffBands`, and where there are several bands
 */
export const decodeTiff = async (bytes: Uint8Array, file: string): Promise<Raster> => {
  const bands = await decodeTiffBands(bytes, file)
  return bands.length === 1 ? bands[0] : refusing(file)(`holds ${bands.length} values a pixel, expected 1`)
}
