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
  /** Uncompressed strips, where that is what the file holds. */
  readonly strips: { readonly offsets: ReadonlyArray<number>; readonly rows: number } | undefined
}

/** More fields than any real file has. */
const MAX_FIELDS = 4096
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

const pixelType = (list: Fields["list"], refuse: Refuse): Dtype => {
  const samples = list(277)?.[0] ?? 1
  const bits = list(258)?.[0] ?? 1
  const format = list(339)?.[0] ?? 1
  if (samples !== 1) refuse(`holds ${samples} values a pixel, expected 1`)
  return (
    DTYPES[`${format}/${bits}`] ?? refuse(`has pixels of ${bits} bits in sample format ${format}, which are not read`)
  )
}

const plainStrips = (list: Fields["list"], height: number, rowBytes: number, size: number, refuse: Refuse) => {
  const offsets = list(273) ?? refuse("names no strips")
  const counts = list(279) ?? refuse("names no strip sizes")
  const rows = Math.min(list(278)?.[0] ?? height, height)
  if (rows === 0 || Math.ceil(height / rows) !== offsets.length || offsets.length !== counts.length) {
    refuse(`has ${offsets.length} strips of ${rows} rows for ${height} rows`)
  }
  offsets.forEach((offset, i) => {
    const needed = Math.min(rows, height - i * rows) * rowBytes
    if (counts[i] < needed) refuse(`has ${counts[i]} bytes in strip ${i}, expected ${needed}`)
    if (offset + needed > size) refuse(`is cut short: strip ${i} ends at byte ${offset + needed} of ${size}`)
  })
  return { offsets, rows }
}

/**
 * Reads the header of a single-band TIFF file.
 *
 * @throws DataError where it is damaged, claims an image that the file's size cannot hold, or holds another kind of image
 */
export const readTiffHeader = (bytes: Uint8Array, file: string): TiffHeader => {
  const refuse = refusing(file)
  const { littleEndian, list } = readFields(bytes, refuse)
  const width = list(256)?.[0] ?? 0
  const height = list(257)?.[0] ?? 0
  if (width === 0 || height === 0) refuse("has no size")
  const dtype = pixelType(list, refuse)
  const needed = height * width * bytesOf(dtype)
  const claims = (bytesNeeded: number) =>
    refuse(`claims ${height} x ${width} pixels, ${bytesNeeded} bytes, but is ${bytes.length} bytes long`)
  // Predictors and tiles are for the general reader; so is every compression.
  const plain = (list(259)?.[0] ?? 1) === 1 && list(322) === undefined && (list(317)?.[0] ?? 1) === 1
  if (plain) {
    if (needed > bytes.length) claims(needed)
    return {
      littleEndian,
      height,
      width,
      dtype,
      strips: plainStrips(list, height, width * bytesOf(dtype), bytes.length, refuse)
    }
  }
  const limit = Math.max(ALWAYS_ALLOWED, MAX_RATIO * bytes.length)
  const tile = (list(322)?.[0] ?? 0) * (list(323)?.[0] ?? 0) * bytesOf(dtype)
  if (needed > limit) claims(needed)
  if (tile > limit) refuse(`claims tiles of ${tile} bytes, but is ${bytes.length} bytes long`)
  return { littleEndian, height, width, dtype, strips: undefined }
}
