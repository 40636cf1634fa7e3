/** The first directory of a TIFF file (TIFF 6.0, section 2), read so that no claim of it is believed beyond the file's size. */
import type { Dtype } from "../elements.ts"
import { bytesOf } from "./dtypes.ts"
import { DataError } from "./errors.ts"

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

/** More fields and bands than any real file has. */
const MAX_FIELDS = 4096
const MAX_SAMPLES = 1024
/** Images of up to this many bytes may be packed as tightly as they like. */
const ALWAYS_ALLOWED = 1 << 26
/** Deflate packs at most 1032:1, LZW about as much. */
const MAX_RATIO = 1100

/** Sizes of the integer field types; others hold nothing that is asked for here. */
const INTEGERS: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 }

const DTYPES: Readonly<Record<string, Dtype>> = {
  "1/8": "uint8",
  "1/16": "uint16",
  "2/16": "int16",
  "1/32": "uint32",
  "2/32": "int32",
  "3/32": "float32",
  "3/64": "float64"
}

export type Refuse = (problem: string) => never

export const refusing =
  (file: string): Refuse =>
  (problem) => {
    throw new DataError({ subject: file, problem, remedy: "Get the file anew: it is damaged or not such an image" })
  }

interface Fields {
  readonly view: DataView
  readonly littleEndian: boolean
  /** All values of a tag; `undefined` where it is absent. */
  readonly list: (tag: number) => ReadonlyArray<number> | undefined
}

const readFields = (bytes: Uint8Array, refuse: Refuse): Fields => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8) refuse(`holds ${bytes.length} bytes, fewer than a TIFF header`)
  const mark = view.getUint16(0, true)
  if (mark !== 0x4949 && mark !== 0x4d4d) refuse("is not a TIFF file")
  const littleEndian = mark === 0x4949
  const version = view.getUint16(2, littleEndian)
  if (version === 43) refuse("is a BigTIFF file, which is not read")
  if (version !== 42) refuse("is not a TIFF file")
  const directory = view.getUint32(4, littleEndian)
  if (directory + 2 > bytes.length) refuse("is cut short: its directory lies beyond its end")
  const count = view.getUint16(directory, littleEndian)
  if (count > MAX_FIELDS || directory + 2 + 12 * count > bytes.length) refuse("is cut short inside its directory")
  const entries = new Map<number, number>()
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i
    entries.set(view.getUint16(at, littleEndian), at)
  }
  const list = (tag: number) => {
    const at = entries.get(tag)
    if (at === undefined) return undefined
    const size = INTEGERS[view.getUint16(at + 2, littleEndian)]
    if (size === undefined) return refuse(`has a tag ${tag} that is not a whole number`)
    const n = view.getUint32(at + 4, littleEndian)
    const from = n * size <= 4 ? at + 8 : view.getUint32(at + 8, littleEndian)
    if (n === 0 || from + n * size > bytes.length) return refuse(`has a tag ${tag} that lies beyond its end`)
    return Array.from({ length: n }, (_, i) => {
      const where = from + i * size
      if (size === 1) return view.getUint8(where)
      return size === 2 ? view.getUint16(where, littleEndian) : view.getUint32(where, littleEndian)
    })
  }
  return { view, littleEndian, list }
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

const plainStrips = (
  list: Fields["list"],
  { dtype, height, samples, width }: Omit<TiffHeader, "strips">,
  size: number,
  refuse: Refuse
): Strips => {
  const offsets = list(273) ?? refuse("names no strips")
  const counts = list(279) ?? refuse("names no strip sizes")
  const rows = Math.min(list(278)?.[0] ?? height, height)
  const planar = samples > 1 && (list(284)?.[0] ?? 1) === 2
  const rowBytes = width * bytesOf(dtype) * (planar ? 1 : samples)
  const perBand = rows === 0 ? 0 : Math.ceil(height / rows)
  if (rows === 0 || perBand * (planar ? samples : 1) !== offsets.length || offsets.length !== counts.length) {
    refuse(`has ${offsets.length} strips of ${rows} rows for ${height} rows`)
  }
  for (let i = 0; i < offsets.length; i++) {
    const needed = Math.min(rows, height - (i % perBand) * rows) * rowBytes
    if (counts[i] < needed) refuse(`has ${counts[i]} bytes in strip ${i}, expected ${needed}`)
    if (offsets[i] + needed > size) refuse(`is cut short: strip ${i} ends at byte ${offsets[i] + needed} of ${size}`)
  }
  return { offsets, rows, planar }
}

/**
 * Reads the header of a TIFF file.
 *
 * @throws DataError where it is damaged, claims an image that the file's size cannot hold, or holds another kind of image
 */
export const readTiffHeader = (bytes: Uint8Array, file: string): TiffHeader => {
  const refuse = refusing(file)
  const { littleEndian, list } = readFields(bytes, refuse)
  const width = list(256)?.[0] ?? 0
  const height = list(257)?.[0] ?? 0
  if (width === 0 || height === 0) refuse("has no size")
  // Luminance and colour differences of a JPEG are not the bands that they are made of.
  if (list(262)?.[0] === 6) refuse("holds colours as JPEG has them, which are not read")
  const samples = list(277)?.[0] ?? 1
  if (samples === 0 || samples > MAX_SAMPLES) refuse(`holds ${samples} values a pixel`)
  const dtype = pixelType(list, samples, refuse)
  const head = { littleEndian, height, width, dtype, samples }
  const needed = height * width * samples * bytesOf(dtype)
  const claims = (bytesNeeded: number) =>
    refuse(`claims ${height} x ${width} pixels, ${bytesNeeded} bytes, but is ${bytes.length} bytes long`)
  // Predictors and tiles are for the general reader; so is every compression.
  const plain = (list(259)?.[0] ?? 1) === 1 && list(322) === undefined && (list(317)?.[0] ?? 1) === 1
  if (plain) {
    if (needed > bytes.length) claims(needed)
    return { ...head, strips: plainStrips(list, head, bytes.length, refuse) }
  }
  const limit = Math.max(ALWAYS_ALLOWED, MAX_RATIO * bytes.length)
  const tile = (list(322)?.[0] ?? 0) * (list(323)?.[0] ?? 0) * samples * bytesOf(dtype)
  if (needed > limit) claims(needed)
  if (tile > limit) refuse(`claims tiles of ${tile} bytes, but is ${bytes.length} bytes long`)
  return { ...head, strips: undefined }
}
