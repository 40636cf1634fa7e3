/** Opens jpg and png files with sharp, by one rule for images, masks and inspection. */
import type { Metadata, Sharp } from "sharp"
import { counted } from "../../../../pipeline/words.ts"
import { checkValues, IMAGE_BOUND } from "../../../formats/bounds.ts"
import { DataError } from "../../../formats/data-error.ts"
import { loadSharp } from "../../../formats/pictures.ts"
import { coloursOf } from "../../../formats/tiff/colours.ts"
import type { DecodeOptions } from "../data-set.ts"

/** The interpretation that a TIFF file would declare for inks. */
const CMYK = 5

/** Markers without a length: TEM, RST0 to RST7. */
const isAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)

/** Start of scan and end of image: the segments that can be walked end there. */
const isLast = (marker: number): boolean => marker === 0xda || marker === 0xd9

/**
 * Removes bytes between the segments of a JPEG file that belong to none of them. libjpeg skips them with a warning, and
 * sharp, asked to fail on damage, cannot tell this warning from others.
 *
 * @returns the bytes, and the number of those removed
 */
export const withoutExtraneous = (bytes: Uint8Array): { readonly bytes: Uint8Array; readonly removed: number } => {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return { bytes, removed: 0 }
  const kept = [bytes.subarray(0, 2)]
  let removed = 0
  for (let at = 2; ; ) {
    const from = at
    // A marker is 0xff, any number of further 0xff, and a byte that is not 0.
    while (at + 1 < bytes.length && (bytes[at] !== 0xff || bytes[at + 1] === 0 || bytes[at + 1] === 0xff)) at++
    if (at + 3 >= bytes.length) return { bytes, removed: 0 }
    let fill = at
    while (fill > from && bytes[fill - 1] === 0xff) fill--
    removed += fill - from
    const marker = bytes[at + 1]
    if (isLast(marker)) {
      kept.push(bytes.subarray(fill))
      return removed === 0 ? { bytes, removed } : { bytes: Buffer.concat(kept), removed }
    }
    const end = at + 2 + (isAlone(marker) ? 0 : bytes[at + 2] * 256 + bytes[at + 3])
    kept.push(bytes.subarray(fill, end))
    at = end
  }
}

/**
 * Opens a jpg or png; nothing is decoded yet. Colour profiles are ignored, and any damage fails.
 *
 * @param file for messages
 * @returns rejects with DataError if it has too many values or holds inks, and with what sharp throws if it is damaged
 */
export const openPicture = async (
  bytes: Uint8Array,
  file: string,
  { maxValues, note }: DecodeOptions
): Promise<{ readonly image: Sharp; readonly metadata: Metadata }> => {
  const sound = withoutExtraneous(bytes)
  if (sound.removed > 0) note(`${file} has ${counted(sound.removed, "byte")} that belong to no part of a JPEG: skipped`)
  const sharp = await loadSharp()
  const image = sharp(sound.bytes, { ignoreIcc: true, failOn: "warning", limitInputPixels: false })
  const metadata = await image.metadata()
  const { channels, height, space, width } = metadata
  const remedy = `${IMAGE_BOUND.remedy}, or raise \`max_values\``
  checkValues([height, width, channels], file, { ...IMAGE_BOUND, most: maxValues, remedy })
  if (space === "cmyk") {
    coloursOf(CMYK, false, (problem, remedy = "") => {
      throw new DataError({ subject: file, problem, remedy })
    })
  }
  return { image, metadata }
}
