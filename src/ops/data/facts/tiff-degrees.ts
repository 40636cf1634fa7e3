/** Where a GeoTIFF lies, in degrees. */
import { placeOf } from "../../formats/tiff/place.ts"
import { readArchiveFile } from "../archives/shared/read-file.ts"
import { type Degrees, degreesOf } from "./degrees.ts"

/**
 * Latitude and longitude of the middle of a GeoTIFF; the EPSG code of its coordinates if they cannot be converted; undefined if
 * it has none.
 *
 * @returns rejects with DataError if the file cannot be read or is damaged
 */
export const tiffDegrees = async (file: string): Promise<Degrees | number | undefined> => {
  const place = placeOf(await readArchiveFile(file, "is missing: the patch's image"), file)
  return place === undefined ? undefined : (degreesOf(place.epsg, place.x, place.y) ?? place.epsg)
}
