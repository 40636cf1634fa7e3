/** Reads TIFF files: the bands of one image, in the file's own type, whatever its pieces, packing and byte order. */
import type { Band, Pixels } from "../elements.ts"
import { bytesOf, pixelsOf } from "./dtypes.ts"
import { type Refuse, refusing } from "./tiff-fields.ts"
import { readTiffHeader, type TiffHeader } from "./tiff-header.ts"
import { bytesOfPiece } from "./tiff-pieces.ts"
import { undoPredictor } from "./tiff-predictor.ts"

/** A band without its name. */
export type Raster = Omit<Band, "name">

/** The values of the `i`th piece, row by row, those of a pixel side by side; what a sparse file leaves out is `nodata`. */
const readPiece = async (bytes: Uint8Array, header: TiffHeader, i: number, refuse: Refuse): Promise<Pixels> => {
  const { dtype, littleEndian, nodata, pieces } = header
  const { columns, counts, offsets, packing, samples, tiled } = pieces
  const { full, needed } = bytesOfPiece(header, pieces, i)
  const memory = new Uint8Array(needed)
  if (counts[i] === 0) return pixelsOf(dtype, memory).fill(nodata)
  const what = `${tiled ? "tile" : "strip"} ${i}`
  try {
    const unpacked = await packing.unpack(bytes.subarray(offsets[i], offsets[i] + counts[i]), full)
    if (unpacked.length < needed) throw new Error(`there are ${unpacked.length} bytes of ${needed}`)
    memory.set(unpacked.subarray(0, needed))
  } catch (cause) {
    refuse(`cannot be unpacked: ${what}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  const pixels = pixelsOf(dtype, memory)
  undoPredictor(pixels, packing.predictor, littleEndian, { across: columns * samples, samples })
  return pixels
}

/** Puts the values of one piece into the bands that it is of. */
const place = (bands: ReadonlyArray<Pixels>, piece: Pixels, { height, pieces, width }: TiffHeader, i: number): void => {
  const { columns, rows, samples } = pieces
  const across = Math.ceil(width / columns)
  const perBand = across * Math.ceil(height / rows)
  const first = samples === 1 ? Math.floor(i / perBand) : 0
  const top = Math.floor((i % perBand) / across) * rows
  const left = (i % across) * columns
  const wide = Math.min(columns, width - left)
  for (let row = 0; row < Math.min(rows, height - top); row++) {
    const to = (top + row) * width + left
    const from = row * columns * samples
    if (samples === 1) bands[first].set(piece.subarray(from, from + wide), to)
    else {
      for (let sample = 0; sample < samples; sample++) {
        const band = bands[sample]
        for (let column = 0; column < wide; column++) band[to + column] = piece[from + column * samples + sample]
      }
    }
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
  const { dtype, height, pieces, samples, width } = header
  const size = height * width * bytesOf(dtype)
  const bands = Array.from({ length: samples }, () => pixelsOf(dtype, new Uint8Array(size)))
  for (let i = 0; i < pieces.offsets.length; i++) {
    place(bands, await readPiece(bytes, header, i, refusing(file)), header, i)
  }
  return bands.map((data) => ({ dtype, height, width, data }))
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
