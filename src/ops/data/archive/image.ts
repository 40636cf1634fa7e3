/** Decodes images of three colours: tif, jpg, png. */
import { join } from "node:path"
import sharp from "sharp"
import type { Band, PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../faults.ts"
import { rawOf } from "./kind.ts"
import { messageOf, readArchiveFile } from "./read-file.ts"

/** Names of the bands, as rico-hdl's stores have them. */
export const RGB_BANDS = ["Red", "Green", "Blue"] as const

/** Interleaved pixels as one band per colour. */
const separated = (data: Uint8Array, height: number, width: number): ReadonlyArray<Band> =>
  RGB_BANDS.map((name, channel) => {
    const band = new Uint8Array(height * width)
    for (let i = 0, from = channel; i < band.length; i++, from += RGB_BANDS.length) band[i] = data[from]
    return { name, dtype: "uint8", height, width, data: band }
  })

/**
 * Red, green and blue of an image, uint8 [height, width] each; its size is what the file says. Grey becomes three equal
 * colours, transparency and colour profiles are ignored: values are those of the file.
 *
 * @param file for messages
 * @returns rejects with DataError where it is damaged, cut short or no image
 */
export const decodeRgb = async (bytes: Uint8Array, file: string): Promise<ReadonlyArray<Band>> => {
  try {
    const { data, info } = await sharp(bytes, { ignoreIcc: true, failOn: "warning" })
      .removeAlpha()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true })
    if (info.channels !== 3) throw new Error(`${info.channels} channels`)
    return separated(data, info.height, info.width)
  } catch (cause) {
    throw new DataError({
      subject: file,
      problem: `cannot be read as an image (${messageOf(cause)})`,
      remedy: "Get the file anew: it is damaged, or of another kind than its name says",
      cause
    })
  }
}

/** Decodes a patch whose only file is an image of three colours. */
export const decodeImage = async (reference: PatchRef): Promise<RawPatch> => {
  const file = join(reference.folder, reference.files.image)
  return rawOf(reference, await decodeRgb(await readArchiveFile(file, "is missing: the patch's image"), file))
}
