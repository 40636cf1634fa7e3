/** From bands to an image that networks take. */
import type { Band, Patch } from "../../../elements.ts"
import type { NomenclatureName } from "../../archives/nomenclatures.ts"
import type { StoredPatch } from "../../stores/patch-value.ts"
import { type BandSelection, bandNames } from "../bands.ts"
import { assemble } from "./assemble.ts"
import type { Draw } from "./epochs.ts"
import { type KeptSquare, partOf } from "./kept-square.ts"
import type { NodataRule } from "./nodata.ts"

/** Which bands and labels of a patch are wanted, and in which form. */
export interface Look {
  readonly bands: BandSelection
  readonly nomenclature: NomenclatureName
  /** Whether 8-bit pixels are scaled to 0..1. */
  readonly unit: boolean
  /** How pixels without data are treated. */
  readonly rule: NodataRule
  /** Largest number of values of an image, over all its bands. */
  readonly maxValues: number
  /** The square that is kept of each patch, if it is known beforehand. */
  readonly kept?: KeptSquare | undefined
}

/** The value of white in 8-bit images. */
const WHITE = 255

/**
 * Makes one image with the wanted bands as channels. If `unit` is set, 8-bit values are divided by 255.
 *
 * @param draw epoch and index, from which later steps draw the square that is kept; without it, the whole image is made
 * @throws DataError if a wanted band is missing
 */
export const imageOf = (
  present: ReadonlyArray<Band>,
  { bands: selection, kept, maxValues, rule, unit }: Omit<Look, "nomenclature">,
  name: string,
  draw?: Draw
) => {
  const names = bandNames(
    selection,
    present.map((band) => band.name)
  )
  const assembled = assemble(present, names, name, rule, maxValues, (whole) =>
    kept === undefined || draw === undefined ? undefined : partOf(kept, draw, whole)
  )
  const bytes = present.every((band) => band.dtype === "uint8" || !names.includes(band.name))
  if (bytes && unit) for (let i = 0; i < assembled.image.length; i++) assembled.image[i] /= WHITE
  return { ...assembled, bands: names, white: bytes ? (unit ? 1 : WHITE) : undefined }
}

export const isLabelled = (labels: Uint8Array): boolean => labels.includes(1)

/**
 * Makes the patch of a draw; `undefined` if it has no label. In an archive without classes no patch has one, and all are made.
 *
 * @param given labels that replace its own
 * @throws DataError if a wanted band is missing
 */
export const patchOf = (
  stored: StoredPatch,
  name: string,
  { epoch, index }: Draw,
  look: Look,
  given: Uint8Array | undefined
): Patch | undefined => {
  const labels = given ?? stored.labels
  if (!isLabelled(labels) && stored.classes.length > 0) return undefined
  const image = imageOf(stored.bands, look, name, { epoch, index })
  return { kind: "patch", name, index, epoch, ...image, labels, classes: stored.classes }
}
