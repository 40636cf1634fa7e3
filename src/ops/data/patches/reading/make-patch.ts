/** From bands to an image that networks take. */
import type { Band, Patch } from "../../../elements.ts"
import type { NomenclatureName } from "../../archives/nomenclatures.ts"
import type { StoredPatch } from "../../stores/patch-value.ts"
import { type BandSelection, bandNames } from "../bands.ts"
import { assemble } from "./assemble.ts"
import type { Draw } from "./epochs.ts"
import type { NodataRule } from "./nodata.ts"

/** What is to be seen of a patch. */
export interface Look {
  readonly bands: BandSelection
  readonly nomenclature: NomenclatureName
  /** 8-bit pixels as shares of white. */
  readonly unit: boolean
  /** How pixels without data are treated. */
  readonly rule: NodataRule
  /** Largest number of values of an image, over all its bands. */
  readonly maxValues: number
}

/** White of 8 bits. */
const WHITE = 255

/**
 * The wanted bands as channels of one image; 8-bit ones as shares of white where that is asked for.
 *
 * @throws DataError where a wanted band is missing
 */
export const imageOf = (
  present: ReadonlyArray<Band>,
  { bands: selection, maxValues, rule, unit }: Omit<Look, "nomenclature">,
  name: string
) => {
  const names = bandNames(
    selection,
    present.map((band) => band.name)
  )
  const assembled = assemble(present, names, name, rule, maxValues)
  const bytes = present.every((band) => band.dtype === "uint8" || !names.includes(band.name))
  if (bytes && unit) for (let i = 0; i < assembled.image.length; i++) assembled.image[i] /= WHITE
  return { ...assembled, bands: names, white: bytes ? (unit ? 1 : WHITE) : undefined }
}

export const isLabelled = (labels: Uint8Array): boolean => labels.includes(1)

/**
 * Makes the patch of a draw; none where it has no label.
 *
 * @param given labels in place of its own
 * @throws DataError where a wanted band is missing
 */
export const patchOf = (
  stored: StoredPatch,
  name: string,
  { epoch, index }: Draw,
  look: Look,
  given: Uint8Array | undefined
): Patch | undefined => {
  const labels = given ?? stored.labels
  if (!isLabelled(labels)) return undefined
  const image = imageOf(stored.bands, look, name)
  return { kind: "patch", name, index, epoch, ...image, labels, classes: stored.classes }
}
