/** One band of a patch in a file of its own, of known size and dtype. */
import type { Band, Dtype } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { decodeTiff } from "../../../formats/tiff/read.ts"
import { readArchiveFile } from "./read-file.ts"

export interface Expected {
  readonly name: string
  readonly dtype: Dtype
  /** Rows, and columns. */
  readonly size: number
}

/**
 * Reads a band.
 *
 * @returns rejects with DataError where it is missing, damaged, or of another size or dtype
 */
export const readBand = async (file: string, { dtype, name, size }: Expected): Promise<Band> => {
  const band = await decodeTiff(await readArchiveFile(file, `is missing: band ${name} of the patch`), file)
  const expected = `${dtype} ${size} x ${size}`
  const found = `${band.dtype} ${band.height} x ${band.width}`
  if (found === expected) return { name, ...band }
  throw new DataError({
    subject: file,
    problem: `has band ${name} as ${found}, expected ${expected}`,
    remedy: "Unpack the archive again: the file is not of BigEarthNet"
  })
}
