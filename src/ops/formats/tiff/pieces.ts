/** Where the pixels of a TIFF file stand: strips of whole rows, or tiles, for all bands together or for each by itself. */

import type { Dtype } from "../../elements.ts"
import { bytesOf } from "../dtypes.ts"
import type { Fields, Refuse, Span } from "./fields.ts"
import type { Packing } from "./unpack.ts"

/** An image's size and type. */
export interface Shape {
  readonly height: number
  readonly width: number
  readonly dtype: Dtype
  /** Values of a pixel: bands. */
  readonly samples: number
}

export interface Pieces {
  /** Rows and columns of each, those at the edges included; the last strip has the rows that are left. */
  readonly rows: number
  readonly columns: number
  readonly tiled: boolean
  /** Values of a pixel that stand side by side in a piece: all bands, or one. */
  readonly samples: number
  readonly packing: Packing
  /** All pieces of the first band, row by row of pieces, then those of the next; or of all bands at once. */
  readonly offsets: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  /** Whether some hold nothing: GDAL's sparse files. */
  readonly sparse: boolean
}

/** Whether any two spans share a byte. */
const overlap = (spans: ReadonlyArray<Span>): boolean => {
  const sorted = [...spans].sort((a, b) => a[0] - b[0])
  return sorted.some(([from], i) => i > 0 && from < sorted[i - 1][1])
}

/** Bytes of the `i`th piece once unpacked: those that the image needs, and those that writers may fill up to. */
export const bytesOfPiece = ({ dtype, height, width }: Shape, pieces: Omit<Pieces, "sparse">, i: number) => {
  const { columns, rows, samples, tiled } = pieces
  const down = Math.ceil(height / rows)
  const row = Math.floor((i % (down * Math.ceil(width / columns))) / Math.ceil(width / columns))
  const rowBytes = columns * samples * bytesOf(dtype)
  const full = rows * rowBytes
  return { full, needed: tiled ? full : Math.min(rows, height - row * rows) * rowBytes }
}

const checkSizes = (shape: Shape, pieces: Omit<Pieces, "sparse">, size: number, refuse: Refuse): void => {
  const { counts, offsets, packing, tiled } = pieces
  const what = tiled ? "tile" : "strip"
  for (let i = 0; i < offsets.length; i++) {
    if (counts[i] === 0) continue
    const { full, needed } = bytesOfPiece(shape, pieces, i)
    // Some writers fill the last strip up; any other size means that the image has another one.
    if (packing.plain && counts[i] !== needed && counts[i] !== full) {
      refuse(`has ${counts[i]} bytes in ${what} ${i}, expected ${needed}`)
    }
    const end = offsets[i] + (packing.plain ? needed : counts[i])
    if (end > size) refuse(`is cut short: ${what} ${i} ends at byte ${end} of ${size}`)
  }
}

/** What a flipped bit of an offset would give is no image, but a piece of one. */
const checkOverlap = ({ taken }: Fields, { counts, offsets }: Omit<Pieces, "sparse">, size: number, refuse: Refuse) => {
  const spans = offsets.flatMap((offset, i): ReadonlyArray<Span> => {
    return counts[i] === 0 ? [] : [[offset, offset + Math.min(counts[i], size - offset)]]
  })
  if (overlap([...taken, ...spans])) refuse("has strips or tags that overlap")
}

/**
 * Reads and checks where pixels stand.
 *
 * @param size of the file, in bytes
 * @throws DataError where pieces are not as many as the image needs, lie beyond the file's end, or share bytes
 */
export const piecesOf = (fields: Fields, shape: Shape, packing: Packing, size: number, refuse: Refuse): Pieces => {
  const { height, width } = shape
  const tiled = fields.list(322) !== undefined || fields.list(323) !== undefined || fields.list(324) !== undefined
  const [rows, columns] = tiled
    ? [fields.one(323, 0), fields.one(322, 0)]
    : [Math.min(fields.one(278, height), height), width]
  const offsets = fields.list(tiled ? 324 : 273) ?? refuse(`names no ${tiled ? "tiles" : "strips"}`)
  const counts = fields.list(tiled ? 325 : 279) ?? refuse(`names no ${tiled ? "tile" : "strip"} sizes`)
  if (rows === 0 || columns === 0) refuse("has strips or tiles of no size")
  const planes = shape.samples > 1 ? fields.one(284, 1) : 1
  if (planes !== 1 && planes !== 2) refuse(`has its bands in an order that is not known (${planes})`)
  const apart = planes === 2
  const needed = Math.ceil(height / rows) * Math.ceil(width / columns) * (apart ? shape.samples : 1)
  if (offsets.length !== needed || counts.length !== needed) {
    refuse(`has ${offsets.length} pieces of ${rows} x ${columns} pixels for ${height} x ${width}`)
  }
  const pieces = { rows, columns, tiled, samples: apart ? 1 : shape.samples, packing, offsets, counts }
  const claimed = rows * columns * pieces.samples * bytesOf(shape.dtype)
  // Tiles may be larger than the image, but not by more than one of a usual size.
  if (claimed > Math.max(1 << 26, 1100 * size)) refuse(`claims tiles of ${claimed} bytes, but is ${size} bytes long`)
  const sparse = counts.some((count, i) => count === 0 && offsets[i] === 0)
  if (counts.some((count, i) => count === 0 && offsets[i] !== 0)) refuse("names pieces that hold nothing")
  checkSizes(shape, pieces, size, refuse)
  checkOverlap(fields, pieces, size, refuse)
  return { ...pieces, sparse }
}
