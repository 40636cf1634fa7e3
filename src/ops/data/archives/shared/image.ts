/** Decodes images of three colours: tif, jpg, png. */
import { join } from "node:path"
import sharp from "sharp"
import { messageOf } from "../../../../pipeline/words.ts"
import type { Band } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { PHOTOMETRIC } from "../../../formats/tiff/colours.ts"
import { readTiffHeader } from "../../../formats/tiff/header.ts"
import { decodeTiffBands } from "../../../formats/tiff/read.ts"
import { RGB_BANDS } from "../../patches/bands.ts"
import type { Reader } from "../data-set.ts"
import { readArchiveFile } from "./read-file.ts"

const refuse = (file: string, problem: string, remedy: string, cause?: unknown): never => {
  throw new DataError({ subject: file, problem, remedy, cause })
}

/** For what is sound, but not red, green and blue of 8 bits. */
const EIGHT_BITS =
  "Convert it to 8 bits of red, green and blue, or read tifs of other bands as an archive of `kind: folder`"

/** Interleaved pixels as one band per colour. */
const separated = (data: Uint8Array, height: number, width: number): ReadonlyArray<Band> =>
  RGB_BANDS.map((name, channel) => {
    const band = new Uint8Array(height * width)
    for (let i = 0, from = channel; i < band.length; i++, from += RGB_BANDS.length) band[i] = data[from]
    return { name, dtype: "uint8", height, width, data: band }
  })

/** Colours of a tif by the numbers in it: other programs' reading of the same file may convert them. */
const decodeTif = async (bytes: Uint8Array, file: string): Promise<ReadonlyArray<Band>> => {
  const { photometric, samples, type } = readTiffHeader(bytes, file)
  const transparent = samples === 4 && photometric === PHOTOMETRIC.rgb
  const colours = (samples === 1 && photometric === PHOTOMETRIC.blackIsZero) || samples === 3 || transparent
  if (
    type.dtype !== "uint8" ||
    !colours ||
    (photometric !== PHOTOMETRIC.blackIsZero && photometric !== PHOTOMETRIC.rgb)
  ) {
    refuse(file, `holds ${samples} bands of ${type.dtype} (photometric ${photometric}), not three colours`, EIGHT_BITS)
  }
  const bands = await decodeTiffBands(bytes, file)
  return RGB_BANDS.map((name, i) => ({ name, ...bands[samples === 1 ? 0 : i] }))
}

/** Colours of a jpg or png. */
const decodePicture = async (bytes: Uint8Array, file: string): Promise<ReadonlyArray<Band>> => {
  const image = sharp(bytes, { ignoreIcc: true, failOn: "warning" })
  const { depth, space } = await image.metadata()
  if (space === "cmyk") refuse(file, "holds the colours of a printer (CMYK)", EIGHT_BITS)
  if (depth === "ushort") refuse(file, "holds 16 bits a colour, expected 8", EIGHT_BITS)
  const raw = image.removeAlpha().toColourspace("srgb").raw({ depth: "uchar" })
  const { data, info } = await raw.toBuffer({ resolveWithObject: true })
  if (info.channels !== 3) throw new Error(`${info.channels} channels`)
  return separated(data, info.height, info.width)
}

const isTif = (bytes: Uint8Array): boolean =>
  ["II", "MM"].includes(Buffer.from(bytes.subarray(0, 2)).toString("latin1"))

/**
 * Red, green and blue of an image, uint8 [height, width] each; its size is what the file says. Grey becomes three equal
 * colours, transparency and colour profiles are ignored: values are those of the file; of fewer than 8 bits stretched to 8.
 *
 * @param file for messages
 * @returns rejects with DataError where it is damaged, cut short, no image, or one of other values than three colours
 */
export const decodeRgb = async (bytes: Uint8Array, file: string): Promise<ReadonlyArray<Band>> => {
  try {
    return await (isTif(bytes) ? decodeTif(bytes, file) : decodePicture(bytes, file))
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    const remedy = "Get the file anew: it is damaged, or of another kind than its name says"
    return refuse(file, `cannot be read as an image (${messageOf(cause)})`, remedy, cause)
  }
}

/** Decodes a patch whose only file is an image of three colours. */
export const decodeImage: Reader["decode"] = async ({ files, folder }) => {
  const file = join(folder, files.image)
  return decodeRgb(await readArchiveFile(file, "is missing: the patch's image"), file)
}
