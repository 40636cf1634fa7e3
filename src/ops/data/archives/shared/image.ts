/** Decodes images of three colours: tif, jpg, png. */
import { join } from "node:path"
import { messageOf } from "../../../../pipeline/words.ts"
import type { Band } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { PHOTOMETRIC } from "../../../formats/tiff/colours.ts"
import { readTiffHeader } from "../../../formats/tiff/header.ts"
import { decodeTiffBands } from "../../../formats/tiff/read.ts"
import { RGB_BANDS } from "../../patches/bands.ts"
import type { DecodeOptions, Reader } from "../data-set.ts"
import { openPicture } from "./open-picture.ts"
import { readArchiveFile } from "./read-file.ts"

const refuse = (file: string, problem: string, remedy: string, cause?: unknown): never => {
  throw new DataError({ subject: file, problem, remedy, cause })
}

/** For what is sound, but not red, green and blue of 8 bits. */
const EIGHT_BITS =
  "Convert it to 8 bits of red, green and blue, or read tifs of other bands as an archive of `kind: folder`"

type Decode = (bytes: Uint8Array, file: string, options: DecodeOptions) => Promise<ReadonlyArray<Band>>

/** Interleaved pixels as one band per colour. */
const separated = (data: Uint8Array, height: number, width: number): ReadonlyArray<Band> =>
  RGB_BANDS.map((name, channel) => {
    const band = new Uint8Array(height * width)
    for (let i = 0, from = channel; i < band.length; i++, from += RGB_BANDS.length) band[i] = data[from]
    return { name, dtype: "uint8", height, width, data: band }
  })

/** Colours of a tif by the numbers in it: other programs' reading of the same file may convert them. */
const decodeTif: Decode = async (bytes, file, { maxValues }) => {
  const { photometric, samples, type } = readTiffHeader(bytes, file, maxValues)
  const transparent = samples === 4 && photometric === PHOTOMETRIC.rgb
  const colours = (samples === 1 && photometric === PHOTOMETRIC.blackIsZero) || samples === 3 || transparent
  if (
    type.dtype !== "uint8" ||
    !colours ||
    (photometric !== PHOTOMETRIC.blackIsZero && photometric !== PHOTOMETRIC.rgb)
  ) {
    refuse(file, `holds ${samples} bands of ${type.dtype} (photometric ${photometric}), not three colours`, EIGHT_BITS)
  }
  const bands = await decodeTiffBands(bytes, file, maxValues)
  return RGB_BANDS.map((name, i) => ({ name, ...bands[samples === 1 ? 0 : i] }))
}

/** Colours of a jpg or png. */
const decodePicture: Decode = async (bytes, file, options) => {
  const { image, metadata } = await openPicture(bytes, file, options)
  if (metadata.depth === "ushort") refuse(file, "holds 16 bits a colour, expected 8", EIGHT_BITS)
  const raw = image.removeAlpha().toColourspace("srgb").raw({ depth: "uchar" })
  const { data, info } = await raw.toBuffer({ resolveWithObject: true })
  if (info.channels !== 3) throw new Error(`${info.channels} channels`)
  return separated(data, info.height, info.width)
}

const isTif = (bytes: Uint8Array): boolean =>
  ["II", "MM"].includes(Buffer.from(bytes.subarray(0, 2)).toString("latin1"))

/**
 * Red, green and blue of an image, uint8 [height, width] each, at the size of the file. Grey becomes three equal colours.
 * Transparency and colour profiles are ignored: the values are those of the file, stretched to 8 bits if they have fewer.
 *
 * @param file for messages
 * @returns rejects with DataError if it is damaged, cut short, too large, not an image, or not of three colours
 */
export const decodeRgb: Decode = async (bytes, file, options) => {
  try {
    return await (isTif(bytes) ? decodeTif : decodePicture)(bytes, file, options)
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    const remedy = "Get the file again: it is damaged, or its name does not match its content"
    return refuse(file, `cannot be read as an image (${messageOf(cause)})`, remedy, cause)
  }
}

/** Decodes a patch whose only file is an image of three colours. */
export const decodeImage: Reader["decode"] = async ({ files, folder }, options) => {
  const file = join(folder, files.image)
  return decodeRgb(await readArchiveFile(file, "is missing: the patch's image"), file, options)
}
