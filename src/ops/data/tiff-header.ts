/** What a TIFF file says of its image (TIFF 6.0), checked: no claim is believed that the file's size or other fields belie. */
import type { Dtype } from "../elements.ts"
import { bytesOf } from "./dtypes.ts"
import { type Fields, type Refuse, readFields, refusing, type Span } from "./tiff-fields.ts"

/** What must be known before pixels are read. */
export interface TiffHeader {
  readonly littleEndian: boolean
  readonly height: number
  readonly width: number
  readonly dtype: Dtype
  /** Values of a pixel: bands. */
  readonly samples: number
  /** Uncompressed strips, where that is what the file holds. */
  readonly strips: Strips | undefined
}

export interface Strips {
  readonly offsets: ReadonlyArray<number>
  /** Rows of each but the last. */
  readonly rows: number
  /** Whether all strips of a band come before those of the next; else a pixel's values stand side by side. */
  readonly planar: boolean
}

/** More bands than any real file has. */
const MAX_SAMPLES = 1024
/** Images of up to this many bytes may be packed as tightly as they like. */
const ALWAYS_ALLOWED = 1 << 26
/** Deflate packs at most 1032:1, LZW about as much. */
const MAX_RATIO = 1100

const DTYPES: Readonly<Record<string, Dtype>> = {
  "1/8": "uint8",
  "1/16": "uint16",
  "2/16": "int16",
  "1/32": "uint32",
  "2/32": "int32",
  "3/32": "float32",
  "3/64": "float64"
}

/** One dtype for all samples: bits and format have a value each, or one for all. */
const pixelType = (list: Fields["list"], samples: number, refuse: Refuse): Dtype => {
  const bits = list(258) ?? [1]
  const format = list(339) ?? [1]
  const alike = (values: ReadonlyArray<number>) =>
    (values.length === 1 || values.length === samples) && values.every((value) => value === values[0])
  if (!alike(bits) || !alike(format)) refuse(`has bands of several types: ${bits.join(", ")} bits`)
  return (
    DTYPES[`${format[0]}/${bits[0]}`] ??
    refuse(`has pixels of ${bits[0]} bits in sample format ${format[0]}, which are not read`)
  )
}

/** Whether any two spans share a byte. */
const overlap = (spans: ReadonlyArray<Span>): boolean => {
  const sorted = [...spans].sort((a, b) => a[0] - b[0])
  return sorted.some(([from], i) => i > 0 && from < sorted[i - 1][1])
}

/** The same bytes as spans that share none: fields may have a value in common. */
const united = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1)
    if (last !== undefined && from < last[1]) found[found.length - 1] = [last[0], Math.max(last[1], to)]
    else found.push([from, to])
  }
  return found
}

type Head = Omit<TiffHeader, "strips">

const plainStrips = (fields: Fields, { dtype, height, samples, width }: Head, size: number, refuse: Refuse): Strips => {
  const { list, one, taken, values } = fields
  const offsets = list(273) ?? refuse("names no strips")
  const counts = list(279) ?? refuse("names no strip sizes")
  const rows = Math.min(one(278, height), height)
  const planar = samples > 1 && one(284, 1) === 2
  const rowBytes = width * bytesOf(dtype) * (planar ? 1 : samples)
  const perBand = rows === 0 ? 0 : Math.ceil(height / rows)
  if (rows === 0 || perBand * (planar ? samples : 1) !== offsets.length || offsets.length !== counts.length) {
    refuse(`has ${offsets.length} strips of ${rows} rows for ${height} rows`)
  }
  for (let i = 0; i < offsets.length; i++) {
    const needed = Math.min(rows, height - (i % perBand) * rows) * rowBytes
    // Some writers fill the last strip up; any other size means that the image has another one.
    if (counts[i] !== needed && counts[i] !== rows * rowBytes) {
      refuse(`has ${counts[i]} bytes in strip ${i}, expected ${needed}`)
    }
    if (offsets[i] + needed > size) refuse(`is cut short: strip ${i} ends at byte ${offsets[i] + needed} of ${size}`)
  }
  // What a flipped bit of an offset would give is no image, but a piece of one.
  const strips = offsets.map((offset, i): Span => [offset, offset + Math.min(counts[i], size - offset)])
  if (overlap([...taken, ...strips]) || overlap([...united(values), ...strips])) refuse("has strips that overlap")
  return { offsets, rows, planar }
}

/** Integers are packed as they are or as differences; floating-point values have a predictor of their own. */
const checkPredictor = (predictor: number, dtype: Dtype, refuse: Refuse): void => {
  const known = dtype.startsWith("float") ? [1, 3] : [1, 2]
  if (!known.includes(predictor)) refuse(`has ${dtype} pixels with predictor ${predictor}`)
}

/** Checks that packed strips or tiles are as many as the image needs, and lie within the file. */
const checkPacked = ({ list, one }: Fields, head: Head, size: number, refuse: Refuse): void => {
  const { dtype, height, samples, width } = head
  const tiled = list(322) !== undefined || list(323) !== undefined || list(324) !== undefined
  const tile = tiled ? [one(323, 0), one(322, 0)] : [Math.min(one(278, height), height), width]
  const offsets = list(tiled ? 324 : 273) ?? refuse("says nowhere where its pixels are")
  const counts = list(tiled ? 325 : 279) ?? refuse("says nowhere how many bytes its pixels take")
  if (tile[0] === 0 || tile[1] === 0) refuse("has tiles of no size")
  const planes = samples > 1 && one(284, 1) === 2 ? samples : 1
  const needed = Math.ceil(height / tile[0]) * Math.ceil(width / tile[1]) * planes
  if (offsets.length !== needed || counts.length !== needed) {
    refuse(`has ${offsets.length} pieces of ${tile[0]} x ${tile[1]} pixels for ${height} x ${width}`)
  }
  const limit = Math.max(ALWAYS_ALLOWED, MAX_RATIO * size)
  const bytes = tile[0] * tile[1] * (samples / planes) * bytesOf(dtype)
  if (bytes > limit) refuse(`claims tiles of ${bytes} bytes, but is ${size} bytes long`)
  const plain = one(259, 1) === 1
  for (let i = 0; i < needed; i++) {
    if (offsets[i] + counts[i] > size)
      refuse(`is cut short: piece ${i} ends at byte ${offsets[i] + counts[i]} of ${size}`)
    if (plain && tiled && counts[i] !== bytes) refuse(`has ${counts[i]} bytes in tile ${i}, expected ${bytes}`)
  }
}

/**
 * Reads the header of a TIFF file.
 *
 * @throws DataError where it is damaged, claims an image that the file's size cannot hold, or holds another kind of image
 */
export const readTiffHeader = (bytes: Uint8Array, file: string): TiffHeader => {
  const refuse = refusing(file)
  const fields = readFields(bytes, refuse)
  const { list, littleEndian, one } = fields
  const width = one(256, 0)
  const height = one(257, 0)
  if (width === 0 || height === 0) refuse("has no size")
  // Luminance and colour differences of a JPEG are not the bands that they are made of.
  if (one(262, 1) === 6) refuse("holds colours as JPEG has them, which are not read")
  const samples = one(277, 1)
  if (samples === 0 || samples > MAX_SAMPLES) refuse(`holds ${samples} values a pixel`)
  const dtype = pixelType(list, samples, refuse)
  const head = { littleEndian, height, width, dtype, samples }
  // Predictors and tiles are for the general reader; so is every compression.
  const plain = one(259, 1) === 1 && list(322) === undefined && one(317, 1) === 1
  const needed = height * width * samples * bytesOf(dtype)
  if (needed > (plain ? bytes.length : Math.max(ALWAYS_ALLOWED, MAX_RATIO * bytes.length))) {
    refuse(`claims ${height} x ${width} pixels, ${needed} bytes, but is ${bytes.length} bytes long`)
  }
  if (plain) return { ...head, strips: plainStrips(fields, head, bytes.length, refuse) }
  checkPredictor(one(317, 1), dtype, refuse)
  checkPacked(fields, head, bytes.length, refuse)
  return { ...head, strips: undefined }
}
