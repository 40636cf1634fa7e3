/** Sentinel-1 patches of BigEarthNet: two polarisations in decibels, each a file. */
import { join } from "node:path"
import type { Band } from "../../../elements.ts"
import { readBand } from "./band-file.ts"

/** In the order of the names; rico-hdl writes VH first. */
const POLARISATIONS = ["VV", "VH"] as const

/** Rows and columns of a patch: 1.2 km at 10 m. */
const SIZE = 120

/** VV and VH of the patch in a folder, float32 [120, 120]. */
export const readSentinel1 = async (folder: string, patch: string): Promise<ReadonlyArray<Band>> => {
  const bands: Array<Band> = []
  for (const name of POLARISATIONS) {
    bands.push(await readBand(join(folder, `${patch}_${name}.tif`), { name, dtype: "float32", size: SIZE }))
  }
  return bands
}
