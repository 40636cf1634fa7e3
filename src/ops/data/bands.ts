/** The bands of Sentinel-2 (level 2A: B10 is not delivered) as BigEarthNet cuts them, and selections of them. */

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

/** Selections that have a name: the original's ten-channel and three-channel inputs, in its channel order. */
export const BAND_SELECTIONS = {
  "s2-10m+20m": ["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"],
  rgb: ["B04", "B03", "B02"]
} as const satisfies Readonly<Record<string, ReadonlyArray<string>>>

export type BandSelection = keyof typeof BAND_SELECTIONS | ReadonlyArray<string>

export const SELECTION_NAMES = Object.keys(BAND_SELECTIONS) as ReadonlyArray<keyof typeof BAND_SELECTIONS>

/** Band names of a selection, in channel order. */
export const bandNames = (selection: BandSelection): ReadonlyArray<string> =>
  typeof selection === "string" ? BAND_SELECTIONS[selection] : selection
