/** From a stored patch to an image that networks take. */
import type { Patch } from "../elements.ts"
import { assemble } from "./assemble.ts"
import { type BandSelection, bandNames } from "./bands.ts"
import type { Draw } from "./epochs.ts"
import type { NomenclatureName } from "./nomenclatures.ts"
import type { StoredPatch } from "./store/value.ts"

/** What is to be seen of a patch. */
export interface Look {
  readonly bands: BandSelection
  readonly nomenclature: NomenclatureName
  /** 8-bit pixels as shares of white. */
  readonly unit: boolean
}

const WHITE = 255

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
  const bands = bandNames(
    look.bands,
    stored.bands.map((band) => band.name)
  )
  const assembled = assemble(stored.bands, bands, name)
  if (look.unit && stored.bands.every(({ dtype }) => dtype === "uint8")) {
    const { image } = assembled
    for (let i = 0; i < image.length; i++) image[i] /= WHITE
  }
  return { kind: "patch", name, index, epoch, ...assembled, bands, labels, classes: stored.classes }
}
