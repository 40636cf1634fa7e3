/** How a TIFF file's numbers are to be understood (TIFF 6.0, PhotometricInterpretation), and which of these are not read. */
import type { Refuse } from "./fields.ts"

/** Interpretations whose numbers are read as bands. */
export const PHOTOMETRIC = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, yCbCr: 6 } as const

const RGB_BY_GDAL = "Convert it to red, green and blue, for example with `gdal_translate -b 1 -b 2 -b 3 IN OUT`"
const RGB_BY_MAGICK = "Convert it to red, green and blue, for example with `magick IN -colorspace sRGB OUT`"

/** What the numbers are in place of bands, and how to convert them. Read as bands they would be wrong without a word. */
const UNREAD: Readonly<Record<number, readonly [what: string, remedy: string]>> = {
  3: [
    "numbers of colours in a palette",
    "Convert it to red, green and blue, for example with `gdal_translate -expand rgb IN OUT`"
  ],
  5: ["amounts of ink (CMYK)", RGB_BY_MAGICK],
  6: ["luminance and colour differences (YCbCr)", RGB_BY_GDAL],
  8: ["L*a*b* colours (CIELab)", RGB_BY_GDAL],
  9: ["L*a*b* colours (ICCLab)", RGB_BY_GDAL],
  10: ["L*a*b* colours (ITULab)", RGB_BY_GDAL],
  32844: ["logarithms of luminance (LogL)", RGB_BY_GDAL],
  32845: ["logarithms of luminance and colour (LogLuv)", RGB_BY_GDAL]
}

/**
 * Refuses an image whose numbers are not the values of its bands. This is the one rule of every reader of TIFF files.
 *
 * @param jpeg whether pixels are packed by JPEG, whose decoder makes red, green and blue of YCbCr
 * @returns the interpretation of the decoded numbers
 * @throws what `refuse` throws
 */
export const coloursOf = (photometric: number, jpeg: boolean, refuse: Refuse): number => {
  if (jpeg && photometric === PHOTOMETRIC.yCbCr) return PHOTOMETRIC.rgb
  const unread = UNREAD[photometric]
  return unread === undefined ? photometric : refuse(`holds ${unread[0]}, which are not read`, unread[1])
}
