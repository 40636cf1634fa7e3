/** Finds the pixels of a TIFF file: strips of whole rows, or tiles, of all bands together or of each band by itself. */
import type { Fields, Refuse, Span } from "./fields.ts"
import type { SampleType } from "./samples.ts"
import type { Packing } from "./unpack.ts"

/** An image's size and type. */
export interface Shape {
  readonly height: number
  readonly width: number
  readonly type: SampleType
  /** Values of a pixel: bands. */
  readonly samples: number
}

export interface Pieces {
  /** Rows and columns of each, those at the edges included; the last strip has the rows that are left. */
  readonly rows: number
  readonly columns: number
  readonly tiled: boolean
  /** Values of a pixel that are side by side in a piece: those of all bands, or of one. */
  readonly samples: number
  readonly packing: Packing
  /**
   * The places of all pieces: those of the first band, row by row, then those of the next band; or of all bands together.
   */
  readonly offsets: ReadonlyArray<number>
  readonly counts: ReadonlyArray<number>
  /** Whether some pieces have no bytes, as in GDAL's sparse files. */
  readonly sparse: boolean
}

type Placed = Omit<Pieces, "sparse">

/** Whether any two spans share a byte. */
const overlap = (spans: ReadonlyArray<Span>): boolean => {
  const sorted = [...spans].sort((a, b) => a[0] - b[0])
  return sorted.some(([from], i) => i > 0 && from < sorted[i - 1][1])
}

/** The longest run of bytes that no span covers. */
const longestGap = (spans: ReadonlyArray<Span>, size: number): number => {
  let longest = 0
  let end = 0
  for (const [from, to] of [...spans, [size, size] as const].sort((a, b) => a[0] - b[0])) {
    longest = Math.max(longest, Math.min(from, size) - end)
    end = Math.max(end, to)
  }
  return longest
}

/** Bytes of a row of a piece, which ends with a whole byte. */
const rowBytesOf = ({ type }: Shape, columns: number, samples: number): number =>
  Math.ceil((columns * samples * type.bits) / 8)

/**
 * Bytes of the `i`th piece once unpacked: those of a row, those that the image needs, and those of a piece with all rows.
 */
export const bytesOfPiece = (
  shape: Shape,
  { columns, rows, samples, tiled }: Pick<Pieces, "columns" | "rows" | "samples" | "tiled">,
  i: number
) => {
  const { height, width } = shape
  const down = Math.ceil(height / rows)
  const row = Math.floor((i % (down * Math.ceil(width / columns))) / Math.ceil(width / columns))
  const rowBytes = rowBytesOf(shape, columns, samples)
  const full = rows * rowBytes
  return { rowBytes, full, needed: tiled ? full : Math.min(rows, height - row * rows) * rowBytes }
}

/** Most bytes that writers fill a strip up with beyond its rows, if they are zeros. */
const MAX_PADDING = 1 << 16

/**
 * Whether the bytes behind a strip's rows are filling. Any others may mean that the image has another size: bytes that make
 * each row longer by whole pixels most of all.
 */
const isPadding = (bytes: Uint8Array, shape: Shape, pieces: Placed, i: number): boolean => {
  const { counts, offsets, samples } = pieces
  const { needed, rowBytes } = bytesOfPiece(shape, pieces, i)
  const extra = counts[i] - needed
  if (extra < 0) return false
  const rows = needed / rowBytes
  const pixel = (samples * shape.type.bits) / 8
  if (extra < rowBytes && (rows === 1 || (extra / rows) % pixel !== 0)) return true
  const end = offsets[i] + needed
  return extra <= MAX_PADDING && bytes.subarray(end, end + extra).every((byte) => byte === 0)
}

const checkSizes = (bytes: Uint8Array, shape: Shape, pieces: Placed, refuse: Refuse): void => {
  const { counts, offsets, packing, tiled } = pieces
  const what = tiled ? "tile" : "strip"
  for (let i = 0; i < offsets.length; i++) {
    if (counts[i] === 0) continue
    const { full, needed } = bytesOfPiece(shape, pieces, i)
    const end = offsets[i] + (packing.plain ? needed : counts[i])
    if (packing.plain && counts[i] !== needed && counts[i] !== full) {
      if (tiled || !isPadding(bytes, shape, pieces, i)) {
        refuse(`has ${counts[i]} bytes in ${what} ${i}, expected ${needed}`)
      }
    }
    if (end > bytes.length) refuse(`is cut short: ${what} ${i} ends at byte ${end} of ${bytes.length}`)
  }
}

/** The longest span of those that begin at one place, for each place. */
const distinct = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const longest = new Map<number, number>()
  for (const [from, to] of spans) longest.set(from, Math.max(to, longest.get(from) ?? 0))
  return [...longest]
}

/**
 * Checks that pieces share no byte with each other or with a tag: a flipped bit of an offset would give a piece of an image
 * in place of one. Two exceptions are what some writers do. Equal pieces may be the very same bytes, if the file has no
 * nameless bytes that one of them may truly be. A piece of no bytes may have any place, but for nameless bytes.
 */
const checkOverlap = (fields: Fields, { counts, offsets }: Placed, size: number, refuse: Refuse): void => {
  const all = offsets.flatMap((offset, i): ReadonlyArray<Span> => {
    return counts[i] === 0 ? [] : [[offset, offset + Math.min(counts[i], size - offset)]]
  })
  const spans = [...fields.taken, ...distinct(all)]
  if (overlap(spans)) refuse("has strips or tags that overlap")
  const shared = all.length > distinct(all).length
  const hollow = offsets.filter((offset, i) => counts[i] === 0 && offset !== 0 && offset < size)
  if (!shared && hollow.length === 0) return
  const named = [...spans, ...fields.furtherPieces()]
  if (hollow.some((offset) => !named.some(([from, to]) => from <= offset && offset < to))) {
    refuse("names pieces that hold nothing")
  }
  const least = all.reduce((length, [from, to]) => Math.min(length, to - from), size)
  if (shared && longestGap(named, size) >= least) {
    refuse("names the same bytes for several strips or tiles, while other bytes belong to none")
  }
}

/**
 * Bytes of pieces in a file that does not list them: what pixels take, or all bytes up to the next ones that have a name.
 */
const countsOf = (
  fields: Fields,
  shape: Shape,
  pieces: Omit<Placed, "counts">,
  size: number
): ReadonlyArray<number> => {
  const ends = [...fields.taken.map(([from]) => from), ...pieces.offsets, size]
  return pieces.offsets.map((offset, i) => {
    if (pieces.packing.plain) return bytesOfPiece(shape, pieces, i).needed
    const end = ends.reduce((next, one) => (one > offset ? Math.min(next, one) : next), size)
    return Math.max(0, end - offset)
  })
}

/**
 * Reads and checks the places of the pixels.
 *
 * @param bytes the whole file
 * @throws DataError if pieces are not as many as the image needs, lie beyond the file's end, or share bytes
 */
export const piecesOf = (bytes: Uint8Array, fields: Fields, shape: Shape, packing: Packing, refuse: Refuse): Pieces => {
  const { height, width } = shape
  const tiled = fields.list(322) !== undefined || fields.list(323) !== undefined || fields.list(324) !== undefined
  const [rows, columns] = tiled
    ? [fields.one(323, 0), fields.one(322, 0)]
    : [Math.min(fields.one(278, height), height), width]
  // Some writers list tiles under the tags of strips.
  const offsets =
    (tiled ? fields.list(324) : undefined) ?? fields.list(273) ?? refuse(`names no ${tiled ? "tiles" : "strips"}`)
  if (rows === 0 || columns === 0) refuse("has strips or tiles of no size")
  const planes = shape.samples > 1 ? fields.one(284, 1) : 1
  if (planes !== 1 && planes !== 2) refuse(`has its bands in an unknown order (${planes})`)
  const apart = planes === 2
  const listed = { rows, columns, tiled, samples: apart ? 1 : shape.samples, packing, offsets }
  const claimed = rows * Math.ceil((columns * listed.samples * shape.type.bits) / 8)
  // Tiles may be larger than the image, but not by more than one of a usual size.
  if (claimed > Math.max(1 << 26, 1100 * bytes.length)) {
    refuse(`claims tiles of ${claimed} bytes, but is ${bytes.length} bytes long`)
  }
  const counts =
    (tiled ? fields.list(325) : undefined) ?? fields.list(279) ?? countsOf(fields, shape, listed, bytes.length)
  const needed = Math.ceil(height / rows) * Math.ceil(width / columns) * (apart ? shape.samples : 1)
  if (offsets.length !== needed || counts.length !== needed) {
    refuse(`has ${offsets.length} pieces of ${rows} x ${columns} pixels for ${height} x ${width}`)
  }
  const pieces = { ...listed, counts }
  checkSizes(bytes, shape, pieces, refuse)
  checkOverlap(fields, pieces, bytes.length, refuse)
  return { ...pieces, sparse: counts.includes(0) }
}
