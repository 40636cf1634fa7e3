/** Bands of BigEarthNet: each is a tif of its own, of known size and dtype. */
import { join } from "node:path"
import type { Band, Dtype } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { decodeTiff } from "../../../formats/tiff/read.ts"
import { S2_BANDS } from "../../patches/bands.ts"
import { usingArchiveFile } from "../shared/read-file.ts"

/** A band as it must be. */
export interface Expected {
  readonly name: string
  readonly dtype: Dtype
  /** Rows, which equal the columns. */
  readonly size: number
}

/**
 * Reads a band.
 *
 * @returns rejects with DataError if the file is missing or damaged, or the band has another size or dtype
 */
export const readBand = async (file: string, { dtype, name, size }: Expected): Promise<Band> => {
  const band = await usingArchiveFile(file, `is missing: band ${name} of the patch`, (bytes) => decodeTiff(bytes, file))
  const expected = `${dtype} ${size} x ${size}`
  const found = `${band.dtype} ${band.height} x ${band.width}`
  if (found === expected) return { name, ...band }
  throw new DataError({
    subject: file,
    problem: `has band ${name} as ${found}, expected ${expected}`,
    remedy: "Unpack the archive again: the file does not belong to BigEarthNet"
  })
}

/** The 12 bands of Sentinel-2 in a patch's folder, uint16, each at its native size. */
export const readSentinel2 = async (folder: string, patch: string): Promise<ReadonlyArray<Band>> => {
  const bands: Array<Band> = []
  const begin = join(folder, patch)
  for (const { name, size } of S2_BANDS) {
    bands.push(await readBand(`${begin}_${name}.tif`, { name, size, dtype: "uint16" }))
  }
  return bands
}

/** In the order of their names in BigEarthNet; rico-hdl writes VH first. */
const POLARISATIONS = ["VV", "VH"] as const

/** Rows and columns of a Sentinel-1 patch: 1.2 km at 10 m. */
const SIZE = 120

/** VV and VH in decibels of the Sentinel-1 patch in a folder, float32 [120, 120]. */
export const readSentinel1 = async (folder: string, patch: string): Promise<ReadonlyArray<Band>> => {
  const bands: Array<Band> = []
  for (const name of POLARISATIONS) {
    bands.push(await readBand(join(folder, `${patch}_${name}.tif`), { name, dtype: "float32", size: SIZE }))
  }
  return bands
}
