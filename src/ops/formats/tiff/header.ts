/** What a TIFF file says of its image (TIFF 6.0), checked: no claim is believed that the file's size or other fields belie. */
import type { Dtype } from "../../elements.ts"
import { bytesOf } from "../dtypes.ts"
import { Fields, type Refuse, refusing } from "./fields.ts"
import { declaredNodata, nodataOf } from "./nodata.ts"
import { type Pieces, piecesOf, type Shape } from "./pieces.ts"
import { packingOf } from "./unpack.ts"

/** What must be known before pixels are read. */
export interface TiffHeader extends Shape {
  readonly littleEndian: boolean
  readonly pieces: Pieces
  /** The value of pixels that a sparse file leaves out. */
  readonly nodata: number
  /** The value that the file declares for pixels without data, as its pixels can hold it. */
  readonly declared: number | undefined
  /** How values are to be understood: one of `PHOTOMETRIC`, or 0 white is zero, 3 palette, 5 CMYK, 8 L*a*b*. */
  readonly photometric: number
}

/** How a file's numbers are to be understood (TIFF 6.0, PhotometricInterpretation). */
export const PHOTOMETRIC = { blackIsZero: 1, rgb: 2, yCbCr: 6 } as const

/** What to do with a sound file that holds more than is read. */
export const CONVERT =
  "Convert it, for example with `gdal_translate -of GTiff -ot UInt16 -co COMPRESS=DEFLATE IN OUT` (`-ot` as its pixels need)"

/** More bands than any real file has. */
const MAX_SAMPLES = 1024
/** Images of up to this many bytes may be packed as tightly as they like. */
const ALWAYS_ALLOWED = 1 << 26
/** Deflate packs at most 1032:1, LZW about as much; more is done by ZSTD and by sparse files, but not with pictures. */
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
/** By their number in the file. */
const FORMATS = ["", "unsigned whole", "whole", "floating-point", "untyped", "complex whole", "complex"]

/** One dtype for all samples: bits and format have a value each, or one for all. */
const pixelType = (fields: Fields, samples: number, refuse: Refuse): Dtype => {
  const bits = fields.list(258) ?? [1]
  const format = fields.list(339) ?? [1]
  const alike = (values: ReadonlyArray<number>) =>
    (values.length === 1 || values.length === samples) && values.every((value) => value === values[0])
  if (!alike(bits) || !alike(format)) refuse(`has bands of several types: ${bits.join(", ")} bits`, CONVERT)
  const kind = FORMATS[format[0]] ?? `format ${format[0]}`
  return (
    DTYPES[`${format[0]}/${bits[0]}`] ?? refuse(`has ${kind} pixels of ${bits[0]} bits, which are not read`, CONVERT)
  )
}

/** GDAL's tag; text, since a value may be "nan". */
const GDAL_NODATA = 42113

const NEW_SUBFILE_TYPE = 254
/** Bits of that: the image again in fewer pixels, or which of its pixels count. */
const [REDUCED, MASK] = [1, 4]

/** Overviews and masks go with an image; another image would be lost without a word. */
const checkAlone = (fields: Fields, refuse: Refuse): void => {
  if ((fields.one(NEW_SUBFILE_TYPE, 0) & (REDUCED | MASK)) !== 0) {
    refuse("begins with a small copy or a mask of its image", CONVERT)
  }
  const images = fields.further(NEW_SUBFILE_TYPE, 0).filter((type) => (type & (REDUCED | MASK)) === 0).length
  if (images > 0) {
    refuse(
      `holds ${images + 1} images, one after the other`,
      'Save their bands as one image (`planarconfig="separate"`)'
    )
  }
}

/**
 * Reads the header of a TIFF file.
 *
 * @throws DataError where it is damaged, claims an image that the file's size cannot hold, or holds another kind of image
 */
export const readTiffHeader = (bytes: Uint8Array, file: string): TiffHeader => {
  const refuse = refusing(file)
  const fields = new Fields(bytes, refuse)
  checkAlone(fields, refuse)
  const width = fields.one(256, 0)
  const height = fields.one(257, 0)
  if (width === 0 || height === 0) refuse("has no size")
  const photometric = fields.one(262, PHOTOMETRIC.blackIsZero)
  // Luminance and colour differences of a JPEG are not the bands that they are made of.
  if (photometric === PHOTOMETRIC.yCbCr) refuse("holds colours as JPEG has them, which are not read", CONVERT)
  const samples = fields.one(277, 1)
  if (samples === 0 || samples > MAX_SAMPLES) refuse(`holds ${samples} values a pixel`)
  if (fields.one(266, 1) !== 1) refuse("has the bits of its bytes in the other order", CONVERT)
  const dtype = pixelType(fields, samples, refuse)
  const packing = packingOf(fields.one(259, 1), fields.one(317, 1), dtype, (problem) => refuse(problem, CONVERT))
  const shape = { height, width, dtype, samples }
  const needed = height * width * samples * bytesOf(dtype)
  if (needed > Math.max(ALWAYS_ALLOWED, MAX_RATIO * bytes.length)) {
    const claim = `claims ${height} x ${width} pixels, ${needed} bytes, but is ${bytes.length} bytes long`
    refuse(claim, "Get the file anew if it is damaged; if it is nearly empty, cut it into smaller images")
  }
  const pieces = piecesOf(fields, shape, packing, bytes.length, refuse)
  const tag = fields.textIfAny(GDAL_NODATA)
  const declared = tag === undefined ? undefined : declaredNodata(tag, dtype)
  const text = (pieces.sparse ? fields.text(GDAL_NODATA) : undefined) ?? "0"
  const nodata = nodataOf(text, dtype) ?? refuse(`has "${text.slice(0, 20)}" where nothing is, which is no number`)
  return { ...shape, littleEndian: fields.littleEndian, photometric, pieces, nodata, declared }
}
