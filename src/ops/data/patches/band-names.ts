/** Names of bands where nothing tells them: of a file by itself the same as in an archive of one's own. */
import type { Dtype } from "../../elements.ts"

/** Names of colours, as rico-hdl's stores have them. */
export const RGB_BANDS = ["Red", "Green", "Blue"] as const

/**
 * One band is `Data`, three of 8 bits are colours, others are `1`, `2`, …. A fourth of 8 bits may be infrared, though
 * GDAL calls it transparency if not told otherwise.
 */
export const unnamedBands = (count: number, dtype: Dtype): ReadonlyArray<string> => {
  if (count === 1) return ["Data"]
  if (count === 3 && dtype === "uint8") return RGB_BANDS
  return Array.from({ length: count }, (_, i) => String(i + 1))
}
