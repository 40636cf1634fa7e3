/**
 * Reads and checks the header of a TIFF file (TIFF 6.0): its claims must agree with each other and with the size of the
 * file.
 */
import { checkValues, IMAGE_BOUND, MAX_VALUES } from "../bounds.ts"
import { coloursOf, PHOTOMETRIC } from "./colours.ts"
import { Fields, type Refuse, refusing } from "./fields.ts"
import { declaredNodata, nodataOf } from "./nodata.ts"
import { type Pieces, piecesOf, type Shape } from "./pieces.ts"
import { type SampleType, sampleTypeOf } from "./samples.ts"
import { JPEG, packingOf } from "./unpack.ts"

/** The facts that a reader needs before it reads pixels. */
export interface TiffHeader extends Shape {
  readonly littleEndian: boolean
  /** Where pixels are and how they are packed; `undefined` for JPEG, which `sharp` reads. */
  readonly pieces: Pieces | undefined
  /** The value of pixels that a sparse file leaves out. */
  readonly filling: number
  /** The value that GDAL's tag declares to be no data, if the dtype can hold it. */
  readonly nodata: number | undefined
  /** The meaning of decoded values: a value of `PHOTOMETRIC`, or another whose numbers are those of bands. */
  readonly photometric: number
}

/** The remedy for a sound file of a kind that is not read. */
export const CONVERT =
  "Convert it, for example with `gdal_translate -of GTiff -ot UInt16 -co COMPRESS=DEFLATE IN OUT` (`-ot` as its pixels need)"

/** More bands than any real file has. */
const MAX_SAMPLES = 1024
/** Images of up to this many bytes may be packed as tightly as they like. */
const ALWAYS_ALLOWED = 1 << 26
/** Deflate packs at most 1032:1, LZW about as much; more is done by ZSTD and by sparse files, but not with pictures. */
const MAX_RATIO = 1100

/** Whether there is one value for all bands, or the same for each. */
const alike = (values: ReadonlyArray<number>, samples: number): boolean =>
  (values.length === 1 || values.length === samples) && values.every((value) => value === values[0])

/** The type of all bands. BitsPerSample and SampleFormat have one value per band, or one value for all. */
const pixelType = (fields: Fields, samples: number, refuse: Refuse): SampleType => {
  const bits = fields.list(258) ?? [1]
  const format = fields.list(339) ?? [1]
  if (!alike(bits, samples) || !alike(format, samples))
    refuse(`has bands of several types: ${bits.join(", ")} bits`, CONVERT)
  const type = sampleTypeOf(format[0], bits[0])
  return typeof type === "string" ? refuse(`has ${type}, which are not read`, CONVERT) : type
}

/** GDAL's tag for pixels without data: text, because the value may be "nan". */
const GDAL_NODATA = 42113

const NEW_SUBFILE_TYPE = 254
/** Bits of that field: a reduced copy of the image, or a mask. */
const [REDUCED, MASK] = [1, 4]

/** Refuses files of several images, because the others would be lost without a word. Overviews and masks are allowed. */
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
 * Refuses JPEG that `sharp` does not decode to the values of the bands: it must be grey, or red, green and blue, of 8 bits.
 */
const checkJpeg = ({ samples, type }: Pick<Shape, "samples" | "type">, photometric: number, refuse: Refuse): void => {
  const colours = photometric === PHOTOMETRIC.rgb && (samples === 3 || samples === 4)
  const grey = photometric === PHOTOMETRIC.blackIsZero && samples === 1
  if (type.bits === 8 && type.dtype === "uint8" && (grey || colours)) return
  refuse(`holds ${samples} bands of ${type.bits} bits, packed by JPEG, which are not read`, CONVERT)
}

/**
 * Reads the header of a TIFF file.
 *
 * @param most bound on the values of the image, over all its bands
 * @throws DataError if it is damaged, claims an image that the file's size cannot hold, has more values than `most`, or
 *   holds another kind of image
 */
export const readTiffHeader = (bytes: Uint8Array, file: string, most = MAX_VALUES): TiffHeader => {
  const refuse = refusing(file)
  const fields = new Fields(bytes, refuse)
  checkAlone(fields, refuse)
  const width = fields.one(256, 0)
  const height = fields.one(257, 0)
  if (width === 0 || height === 0) refuse("has no size")
  const compression = fields.one(259, 1)
  const jpeg = compression === JPEG
  const photometric = coloursOf(fields.one(262, PHOTOMETRIC.blackIsZero), jpeg, refuse)
  const samples = fields.one(277, 1)
  if (samples === 0 || samples > MAX_SAMPLES) refuse(`holds ${samples} values per pixel`)
  if (fields.one(266, 1) !== 1) refuse("has the bits of its bytes in the other order", CONVERT)
  const type = pixelType(fields, samples, refuse)
  const shape = { height, width, type, samples }
  const needed = height * Math.ceil((width * samples * type.bits) / 8)
  if (needed > Math.max(ALWAYS_ALLOWED, MAX_RATIO * bytes.length)) {
    const claim = `claims ${height} x ${width} pixels, ${needed} bytes, but is ${bytes.length} bytes long`
    refuse(claim, "Get the file again if it is damaged; if it is nearly empty, cut it into smaller images")
  }
  checkValues([height, width, samples], file, { ...IMAGE_BOUND, most })
  const text = fields.textIfAny(GDAL_NODATA)
  const nodata = text === undefined ? undefined : declaredNodata(text, type.dtype)
  const { littleEndian } = fields
  if (jpeg) {
    checkJpeg(shape, photometric, refuse)
    return { ...shape, littleEndian, photometric, pieces: undefined, filling: 0, nodata }
  }
  const packing = packingOf(compression, fields.one(317, 1), type, (problem) => refuse(problem, CONVERT))
  const pieces = piecesOf(bytes, fields, shape, packing, refuse)
  const filling = nodataOf((pieces.sparse ? fields.text(GDAL_NODATA) : undefined) ?? "0", type.dtype)
  return {
    ...shape,
    littleEndian,
    photometric,
    pieces,
    filling:
      filling ??
      refuse(`declares "${text?.slice(0, 20)}" as the value of pixels that it leaves out, which is not a number`),
    nodata
  }
}
