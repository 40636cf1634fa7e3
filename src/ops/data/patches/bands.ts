/** Names of bands: Sentinel-2's (level 2A, which lacks B10) as BigEarthNet cuts them, colours, and named selections. */
import type { Dtype } from "../../elements.ts"

export interface BandInfo {
  readonly name: string
  /** Rows and columns of a patch: 1.2 km at `metres`. */
  readonly size: number
  /** Ground sampling distance. */
  readonly metres: number
}

const bands = (metres: number, ...names: ReadonlyArray<string>): ReadonlyArray<BandInfo> =>
  names.map((name) => ({ name, size: 1200 / metres, metres }))

/** All 12 bands; 10 m, then 20 m, then 60 m. */
export const S2_BANDS: ReadonlyArray<BandInfo> = [
  ...bands(10, "B02", "B03", "B04", "B08"),
  ...bands(20, "B05", "B06", "B07", "B8A", "B11", "B12"),
  ...bands(60, "B01", "B09")
]

/** The colours of an image, named as in the stores that rico-hdl writes. */
export const RGB_BANDS = ["Red", "Green", "Blue"] as const

/**
 * Names for the bands of a file that does not name them: one band is `Data`, three of 8 bits are colours, others are `1`,
 * `2`, …. A fourth band of 8 bits may be infrared, although GDAL takes it for transparency by default.
 */
export const unnamedBands = (count: number, dtype: Dtype): ReadonlyArray<string> => {
  if (count === 1) return ["Data"]
  if (count === 3 && dtype === "uint8") return RGB_BANDS
  return Array.from({ length: count }, (_, i) => String(i + 1))
}

/** Named selections, among them the original's ten-channel and three-channel inputs in its channel order. */
const SELECTIONS = {
  "s2-10m+20m": [["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"]],
  s2: [S2_BANDS.map(({ name }) => name)],
  // Sentinel-2's bands, or the colours of an image.
  rgb: [["B04", "B03", "B02"], RGB_BANDS],
  s1: [["VV", "VH"]],
  all: []
} as const satisfies Readonly<Record<string, ReadonlyArray<ReadonlyArray<string>>>>

export type BandSelection = keyof typeof SELECTIONS | ReadonlyArray<string>

export const SELECTION_NAMES = Object.keys(SELECTIONS) as ReadonlyArray<keyof typeof SELECTIONS>

/** How many channels a selection has; `undefined` if that depends on the patch. */
export const channelsOf = (selection: BandSelection): number | undefined =>
  typeof selection === "string" ? SELECTIONS[selection][0]?.length : selection.length

/**
 * Band names of a selection, in channel order.
 *
 * @param present bands of the patch: `all` selects them, and they decide which form of `rgb` applies
 */
export const bandNames = (selection: BandSelection, present: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (typeof selection !== "string") return selection
  if (selection === "all") return present
  const forms: ReadonlyArray<ReadonlyArray<string>> = SELECTIONS[selection]
  return forms.find((names) => names.every((name) => present.includes(name))) ?? forms[0]
}
