/** Reads TIFF files: the bands of one image, in the file's own type, whatever its pieces, packing and byte order. */
import { messageOf } from "../../../pipeline/words.ts"
import type { Band, Pixels } from "../../elements.ts"
import { bytesOf, pixelsOf, rawBytes } from "../dtypes.ts"
import { type Refuse, refusing } from "./fields.ts"
import { readTiffHeader, type TiffHeader } from "./header.ts"
import { bytesOfPiece } from "./pieces.ts"
import { undoPredictor } from "./predictor.ts"

/** A band without its name. */
export type Raster = Omit<Band, "name">

/**
 * Reads the values of the `i`th piece, row by row, those of a pixel side by side; what a sparse file leaves out is `nodata`.
 *
 * @param into as many values as the image needs of it
 */
const readPiece = async (bytes: Uint8Array, header: TiffHeader, i: number, into: Pixels, refuse: Refuse) => {
  const { littleEndian, nodata, pieces } = header
  const { columns, counts, offsets, packing, samples, tiled } = pieces
  if (counts[i] === 0) {
    into.fill(nodata)
    return
  }
  try {
    const packed = bytes.subarray(offsets[i], offsets[i] + counts[i])
    const unpacked = packing.plain ? packed : await packing.unpack(packed, bytesOfPiece(header, pieces, i).full)
    if (unpacked.length < into.byteLength) throw new Error(`there are ${unpacked.length} bytes of ${into.byteLength}`)
    rawBytes(into).set(unpacked.subarray(0, into.byteLength))
  } catch (cause) {
    refuse(`cannot be unpacked: ${tiled ? "tile" : "strip"} ${i}: ${messageOf(cause)}`)
  }
  undoPredictor(into, packing.predictor, littleEndian, { across: columns * samples, samples })
}

/** Which band the `i`th piece is of, or is the first of, and where in it the piece begins. */
const cornerOf = ({ height, pieces, width }: TiffHeader, i: number) => {
  const { columns, rows, samples } = pieces
  const across = Math.ceil(width / columns)
  const perBand = across * Math.ceil(height / rows)
  const top = Math.floor((i % perBand) / across) * rows
  const left = (i % across) * columns
  return { first: samples === 1 ? Math.floor(i / perBand) : 0, top, left }
}

/** Puts the values of one piece into the bands that it is of. */
const place = (bands: ReadonlyArray<Pixels>, piece: Pixels, header: TiffHeader, i: number): void => {
  const { height, pieces, width } = header
  const { columns, rows, samples } = pieces
  const { first, left, top } = cornerOf(header, i)
  const wide = Math.min(columns, width - left)
  for (let row = 0; row < Math.min(rows, height - top); row++) {
    const to = (top + row) * width + left
    const from = row * columns * samples
    for (let sample = 0; sample < samples; sample++) {
      const band = bands[first + sample]
      for (let column = 0; column < wide; column++) band[to + column] = piece[from + column * samples + sample]
    }
  }
}

/** Reads one piece to where it belongs. Strips of one band stand in the file as they do in the band. */
const readTo = async (
  bands: ReadonlyArray<Pixels>,
  bytes: Uint8Array,
  header: TiffHeader,
  i: number,
  refuse: Refuse
) => {
  const { dtype, height, pieces, width } = header
  if (pieces.samples === 1 && !pieces.tiled) {
    const { first, top } = cornerOf(header, i)
    const rows = Math.min(pieces.rows, height - top)
    return readPiece(bytes, header, i, bands[first].subarray(top * width, (top + rows) * width), refuse)
  }
  const piece = pixelsOf(dtype, new Uint8Array(bytesOfPiece(header, pieces, i).needed))
  await readPiece(bytes, header, i, piece, refuse)
  place(bands, piece, header, i)
}

/**
 * Reads all bands of a TIFF file, each row-major [height, width] in the file's dtype, of either byte order.
 *
 * @param file for messages
 * @returns rejects with DataError where the file is damaged, cut short, claims more than it can hold, or is of another kind
 */
export const decodeTiffBands = async (bytes: Uint8Array, file: string): Promise<ReadonlyArray<Raster>> => {
  const header = readTiffHeader(bytes, file)
  const { declared, dtype, height, pieces, samples, width } = header
  const size = height * width * bytesOf(dtype)
  const bands = Array.from({ length: samples }, () => pixelsOf(dtype, new Uint8Array(size)))
  for (let i = 0; i < pieces.offsets.length; i++) await readTo(bands, bytes, header, i, refusing(file))
  const nodata = declared === undefined ? {} : { nodata: declared }
  return bands.map((data) => ({ dtype, height, width, data, ...nodata }))
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
