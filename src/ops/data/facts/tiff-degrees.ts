/** Where a GeoTIFF lies, in degrees. */
import { DataError } from "../../formats/data-error.ts"
import { type Place, placeOf } from "../../formats/tiff/place.ts"
import { readArchiveFile, readArchiveStart } from "../archives/shared/read-file.ts"
import { type Degrees, degreesOf } from "./degrees.ts"

/**
 * Bytes that are read until the header lies in them. Most files begin with it; lists of many strips make it longer. Some programs
 * write it behind the pixels.
 */
const STARTS = [2 ** 16, 2 ** 20]

const MISSING = "is missing: the patch's image"

/** Reads no more of a file than its header, if the file begins with it. */
const placeIn = async (file: string): Promise<Place | undefined> => {
  for (const most of STARTS) {
    try {
      return placeOf(await readArchiveStart(file, MISSING, most), file)
    } catch (cause) {
      // A header that is cut off looks damaged. The whole file then shows whether it is.
      if (!(cause instanceof DataError)) throw cause
    }
  }
  return placeOf(await readArchiveFile(file, MISSING), file)
}

/**
 * Latitude and longitude of the middle of a GeoTIFF; the EPSG code of its coordinates if they cannot be converted; undefined if
 * it has none.
 *
 * @returns rejects with DataError if the file cannot be read or is damaged
 */
export const tiffDegrees = async (file: string): Promise<Degrees | number | undefined> => {
  const place = await placeIn(file)
  return place === undefined ? undefined : (degreesOf(place.epsg, place.x, place.y) ?? place.epsg)
}
