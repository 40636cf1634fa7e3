/** Place and date of a patch from its metadata, `NAME_labels_metadata.json`. */
import { degreeFacts, degreesOf } from "../../facts/degrees.ts"

type Metadata = Readonly<Record<string, unknown>>

/** EPSG code of a reference system in well-known text: the last code, because the codes before it belong to its parts. */
const epsgOf = (projection: unknown): number | undefined => {
  const codes = typeof projection === "string" ? [...projection.matchAll(/AUTHORITY\["EPSG","(\d+)"\]/g)] : []
  const code = codes.at(-1)?.[1]
  return code === undefined ? undefined : Number(code)
}

/** Latitude and longitude of the middle of the corners; no facts if corners or reference system are missing or unknown. */
const placeOf = ({ coordinates, projection }: Metadata): Readonly<Record<string, string>> => {
  const epsg = epsgOf(projection)
  const { lrx, lry, ulx, uly } = Object(coordinates) as Readonly<Record<string, unknown>>
  const corners = [ulx, lrx, uly, lry].filter((value) => typeof value === "number")
  if (epsg === undefined || corners.length < 4) return {}
  const [left, right, top, bottom] = corners
  const degrees = degreesOf(epsg, (left + right) / 2, (top + bottom) / 2)
  return degrees === undefined ? {} : degreeFacts(degrees)
}

/**
 * Facts in the metadata of a patch: its place and its date. A fact that is missing or malformed is left out.
 *
 * @example
 * metadataFacts({ acquisition_date: "2017-06-13 10:10:31" }) // => { date: "2017-06-13" }
 */
export const metadataFacts = (metadata: Metadata): Readonly<Record<string, string>> => {
  const date = /^\d{4}-\d{2}-\d{2}/.exec(String(metadata.acquisition_date ?? ""))?.[0]
  return { ...placeOf(metadata), ...(date === undefined ? {} : { date }) }
}
