/** Reads where on Earth a GeoTIFF lies (GeoTIFF 1.0, sections 2.6 and 2.7): the middle of its image, and its coordinates. */
import { Fields, refusing } from "./fields.ts"

/** The middle of an image. */
export interface Place {
  /** The EPSG code of the coordinates. */
  readonly epsg: number
  readonly x: number
  readonly y: number
}

const [WIDTH, HEIGHT] = [256, 257]
const [SCALE, TIEPOINT, TRANSFORMATION, GEO_KEYS] = [33550, 33922, 34264, 34735]
/** Keys of the directory of GEO_KEYS: the code of a geographic or of a projected reference system. */
const [GEOGRAPHIC, PROJECTED] = [2048, 3072]
/** The code of a system that the file defines itself. */
const USER_DEFINED = 32767

/** Each key has four numbers: the key, the tag that holds its value (0: the value itself is the last number), a count, the value. */
const epsgOf = (keys: ReadonlyArray<number>): number | undefined => {
  const found = new Map<number, number>()
  for (let i = 4; i + 3 < keys.length; i += 4) if (keys[i + 1] === 0) found.set(keys[i], keys[i + 3])
  const code = found.get(PROJECTED) ?? found.get(GEOGRAPHIC)
  return code === undefined || code === USER_DEFINED ? undefined : code
}

/**
 * The middle of the image of a GeoTIFF; `undefined` if the file does not say where it lies, or in a system without EPSG code.
 *
 * @throws DataError if the file is damaged
 */
export const placeOf = (bytes: Uint8Array, file: string): Place | undefined => {
  const fields = new Fields(bytes, refusing(file))
  const epsg = epsgOf(fields.list(GEO_KEYS) ?? [])
  if (epsg === undefined) return undefined
  const [column, row] = [fields.one(WIDTH, 0) / 2, fields.one(HEIGHT, 0) / 2]
  const matrix = fields.doubles(TRANSFORMATION)
  if (matrix !== undefined && matrix.length >= 8) {
    return {
      epsg,
      x: matrix[0] * column + matrix[1] * row + matrix[3],
      y: matrix[4] * column + matrix[5] * row + matrix[7]
    }
  }
  const [scale, tie] = [fields.doubles(SCALE), fields.doubles(TIEPOINT)]
  if (scale === undefined || tie === undefined || scale.length < 2 || tie.length < 6) return undefined
  return { epsg, x: tie[3] + (column - tie[0]) * scale[0], y: tie[4] - (row - tie[1]) * scale[1] }
}
