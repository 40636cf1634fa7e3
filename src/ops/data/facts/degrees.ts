/** Latitude and longitude of coordinates in UTM, Web Mercator or degrees. */

/** Degrees north and east, WGS 84. */
export interface Degrees {
  readonly latitude: number
  readonly longitude: number
}

const rounded = (degrees: number): string => String(Number(degrees.toFixed(6)))

/**
 * Latitude and longitude as facts about an image: texts, rounded to 6 decimals (0.1 m).
 *
 * @example
 * degreeFacts({ latitude: 47, longitude: 10.1234567 }) // => { latitude: "47", longitude: "10.123457" }
 */
export const degreeFacts = ({ latitude, longitude }: Degrees): Readonly<Record<"latitude" | "longitude", string>> => ({
  latitude: rounded(latitude),
  longitude: rounded(longitude)
})

/** Semi-major axis in metres and flattening of WGS 84. */
const [A, F] = [6_378_137, 1 / 298.257223563]
const DEGREE = 180 / Math.PI

/**
 * The inverse of the transverse Mercator projection by Krüger's series to the third order of the third flattening (Karney,
 * "Transverse Mercator with an accuracy of a few nanometers", J. Geodesy 2011): less than a millimetre off within a zone.
 */
const fromUtm = (zone: number, south: boolean, x: number, y: number): Degrees => {
  const n = F / (2 - F)
  const radius = (A / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64)
  const beta = [n / 2 - (2 * n ** 2) / 3 + (37 * n ** 3) / 96, n ** 2 / 48 + n ** 3 / 15, (17 * n ** 3) / 480]
  const xi = (y - (south ? 10_000_000 : 0)) / (0.9996 * radius)
  const eta = (x - 500_000) / (0.9996 * radius)
  let [north, east] = [xi, eta]
  beta.forEach((b, i) => {
    const k = 2 * (i + 1)
    north -= b * Math.sin(k * xi) * Math.cosh(k * eta)
    east -= b * Math.cos(k * xi) * Math.sinh(k * eta)
  })
  const conformal = Math.asin(Math.sin(north) / Math.cosh(east))
  // From the conformal to the geographic latitude, by Newton's method on the isometric latitude.
  const e = Math.sqrt(F * (2 - F))
  const wanted = Math.atanh(Math.sin(conformal))
  let latitude = conformal
  for (let i = 0; i < 6; i++) {
    const sine = Math.sin(latitude)
    const off = Math.atanh(sine) - e * Math.atanh(e * sine) - wanted
    latitude -= (off * Math.cos(latitude) * (1 - (e * sine) ** 2)) / (1 - e * e)
  }
  const longitude = Math.atan2(Math.sinh(east), Math.cos(north))
  return { latitude: latitude * DEGREE, longitude: 6 * zone - 183 + longitude * DEGREE }
}

/**
 * Latitude and longitude; `undefined` for a reference system that is not WGS 84 in degrees (EPSG 4326), in a UTM zone (32601
 * to 32660, 32701 to 32760) or in Web Mercator (3857), and for coordinates outside the Earth.
 *
 * @example
 * degreesOf(4326, 10.5, 47) // => { latitude: 47, longitude: 10.5 }
 * degreesOf(32632, 500000, 0) // => { latitude: 0, longitude: 9 }
 */
export const degreesOf = (epsg: number, x: number, y: number): Degrees | undefined => {
  const found = ((): Degrees | undefined => {
    if (epsg === 4326) return { latitude: y, longitude: x }
    if (epsg === 3857) return { latitude: Math.atan(Math.sinh(y / A)) * DEGREE, longitude: (x / A) * DEGREE }
    const zone = epsg % 100
    if (zone < 1 || zone > 60 || (epsg - zone !== 32600 && epsg - zone !== 32700)) return undefined
    return fromUtm(zone, epsg > 32700, x, y)
  })()
  return found !== undefined && Math.abs(found.latitude) <= 90 && Math.abs(found.longitude) <= 180 ? found : undefined
}
