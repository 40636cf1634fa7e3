/** Decodes TIFF files whose pixels are packed by JPEG, through `sharp`, which is loaded when the first such file is read. */
import { messageOf } from "../../../pipeline/words.ts"
import type { Pixels } from "../dtypes.ts"
import { loadSharp } from "../pictures.ts"
import type { Refuse } from "./fields.ts"
import type { TiffHeader } from "./header.ts"

/**
 * Decodes the bands of such a file: grey, or red, green and blue, which YCbCr is converted to. Grey and RGB are equal to
 * libtiff's values; of YCbCr with fewer differences of colour than pixels, decoders fill in the missing ones in different
 * ways.
 *
 * @returns uint8 [height, width] per band; rejects with what `refuse` throws if the file is damaged
 */
export const decodeJpegTiff = async (
  bytes: Uint8Array,
  { height, samples, width }: TiffHeader,
  refuse: Refuse
): Promise<ReadonlyArray<Pixels>> => {
  const sharp = await loadSharp()
  const { data, info } = await sharp(bytes, { ignoreIcc: true, failOn: "warning", limitInputPixels: false })
    .toColourspace(samples === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => refuse(`cannot be unpacked: JPEG: ${messageOf(cause)}`))
  if (info.channels !== samples || info.height !== height || info.width !== width) {
    refuse(
      `holds JPEG of ${info.height} x ${info.width} x ${info.channels}, expected ${height} x ${width} x ${samples}`
    )
  }
  return Array.from({ length: samples }, (_, band) => {
    const values = new Uint8Array(height * width)
    for (let i = 0, from = band; i < values.length; i++, from += samples) values[i] = data[from]
    return values
  })
}
