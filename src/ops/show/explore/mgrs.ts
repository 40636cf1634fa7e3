/** Places from names of Sentinel-2 patches, which hold the tile's square of the military grid (MGRS). */

/** Equatorial radius and square of the eccentricity of WGS 84, and UTM's scale on the central meridian. */
const [RADIUS, ECCENTRICITY, SCALE] = [6378137, 0.00669437999014, 0.9996] as const

/** Latitude and longitude in degrees from UTM coordinates in metres (Snyder 1987, equations 8-12 to 8-18). */
export const fromUtm = (zone: number, easting: number, northing: number): readonly [number, number] => {
  const e2 = ECCENTRICITY / (1 - ECCENTRICITY)
  const e1 = (1 - Math.sqrt(1 - ECCENTRICITY)) / (1 + Math.sqrt(1 - ECCENTRICITY))
  const arc =
    northing / SCALE / (RADIUS * (1 - ECCENTRICITY / 4 - (3 * ECCENTRICITY ** 2) / 64 - (5 * ECCENTRICITY ** 3) / 256))
  const foot =
    arc +
    ((3 * e1) / 2 - (27 * e1 ** 3) / 32) * Math.sin(2 * arc) +
    ((21 * e1 ** 2) / 16 - (55 * e1 ** 4) / 32) * Math.sin(4 * arc) +
    ((151 * e1 ** 3) / 96) * Math.sin(6 * arc)
  const [sin, cos, tan] = [Math.sin(foot), Math.cos(foot), Math.tan(foot)]
  const c = e2 * cos ** 2
  const t = tan ** 2
  const n = RADIUS / Math.sqrt(1 - ECCENTRICITY * sin ** 2)
  const r = (RADIUS * (1 - ECCENTRICITY)) / (1 - ECCENTRICITY * sin ** 2) ** 1.5
  const d = (easting - 500_000) / (n * SCALE)
  const latitude =
    foot -
    ((n * tan) / r) *
      (d ** 2 / 2 -
        ((5 + 3 * t + 10 * c - 4 * c ** 2 - 9 * e2) * d ** 4) / 24 +
        ((61 + 90 * t + 298 * c + 45 * t ** 2 - 252 * e2 - 3 * c ** 2) * d ** 6) / 720)
  const longitude =
    (d - ((1 + 2 * t + c) * d ** 3) / 6 + ((5 - 2 * c + 28 * t - 3 * c ** 2 + 8 * e2 + 24 * t ** 2) * d ** 5) / 120) /
    cos
  const degrees = 180 / Math.PI
  return [latitude * degrees, longitude * degrees + (zone - 1) * 6 - 177]
}

const COLUMNS = ["ABCDEFGH", "JKLMNPQR", "STUVWXYZ"]
const ROWS = "ABCDEFGHJKLMNPQRSTUV"
const BANDS = "CDEFGHJKLMNPQRSTUVWX"
/** Metres after which the letters of rows repeat. */
const CYCLE = 2_000_000
const SQUARE = 100_000

/** Corner in the south-west of a square such as `33UUP`: zone, easting and northing in metres. */
const squareOf = (zone: number, band: string, column: string, row: string) => {
  const easting = (COLUMNS[(zone - 1) % 3].indexOf(column) + 1) * SQUARE
  const index = (ROWS.indexOf(row) - (zone % 2 === 0 ? 5 : 0) + 20) % 20
  // The southern edge of the band, in metres from the equator; the south counts from 10,000 km.
  const latitude = -80 + 8 * BANDS.indexOf(band)
  const least = latitude * 110_600 + (latitude < 0 ? 10_000_000 : 0)
  const offset = index * SQUARE
  const northing = offset + CYCLE * Math.ceil((least - SQUARE - offset) / CYCLE)
  return { easting, northing: latitude < 0 ? northing - 10_000_000 : northing }
}

/** Edge of a patch of BigEarthNet in metres. */
const PATCH = 1_200

const NAME = /_T(\d{2})([C-HJ-NP-X])([A-HJ-NP-Z])([A-HJ-NP-V])(?:_(\d+)_(\d+))?(?:_|$)/

/**
 * Latitude and longitude of a patch whose name holds its tile and, as in BigEarthNet v2, its column and row there; undefined for
 * other names. Tiles begin up to 10 km beside their square, so the place is wrong by as much.
 *
 * @example
 * placeInName("S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_26_57").map(Math.round) // => [48, 13]
 * placeInName("beach_0001") // => undefined
 */
export const placeInName = (name: string): readonly [number, number] | undefined => {
  const found = NAME.exec(name)
  if (found === null) return undefined
  const [, zone, band, column, row, across, down] = found
  if (!COLUMNS[(Number(zone) - 1) % 3].includes(column)) return undefined
  const { easting, northing } = squareOf(Number(zone), band, column, row)
  const east = across === undefined ? SQUARE / 2 : (Number(across) + 0.5) * PATCH
  const south = down === undefined ? SQUARE / 2 : (Number(down) + 0.5) * PATCH
  return fromUtm(Number(zone), easting + east, northing + SQUARE - south)
}
