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

/** Selections that have a name: the original's ten-channel and three-channel inputs, in its channel order, and others. */
const SELECTIONS = {
  "s2-10m+20m": [["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"]],
  s2: [S2_BANDS.map(({ name }) => name)],
  // Of Sentinel-2, or of an image of three colours.
  rgb: [
    ["B04", "B03", "B02"],
    ["Red", "Green", "Blue"]
  ],
  s1: [["VV", "VH"]],
  all: []
} as const satisfies Readonly<Record<string, ReadonlyArray<ReadonlyArray<string>>>>

export type BandSelection = keyof typeof SELECTIONS | ReadonlyArray<string>

export const SELECTION_NAMES = Object.keys(SELECTIONS) as ReadonlyArray<keyof typeof SELECTIONS>

/** How many channels a selection is, where that does not depend on the patch. */
export const channelsOf = (selection: BandSelection): number | undefined =>
  typeof selection === "string" ? SELECTIONS[selection][0]?.length : selection.length

/**
 * Band names of a selection, in channel order.
 *
 * @param present bands of the patch: what `all` is, and which form of `rgb` fits
 */
export const bandNames = (selection: BandSelection, present: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (typeof selection !== "string") return selection
  if (selection === "all") return present
  const forms: ReadonlyArray<ReadonlyArray<string>> = SELECTIONS[selection]
  return forms.find((names) => names.every((name) => present.includes(name))) ?? forms[0]
}
