/** Patches whose images hold no numbers in places, which a network must not meet. */
import type { Batch } from "../../../elements.ts"
import { allFinite } from "../../../tensor/finite.ts"

/** A patch, and the bands in which some of its pixels are NaN or infinite. */
export interface MissingPixels {
  readonly name: string
  readonly bands: ReadonlyArray<string>
}

/** Patches of a batch with pixels that are NaN or infinite, in the order of the batch. */
export const missingPixels = ({
  bands,
  images,
  names,
  size
}: Pick<Batch, "bands" | "images" | "names" | "size">): ReadonlyArray<MissingPixels> => {
  const length = images.length / size
  return names.flatMap((name, i) => {
    const image = images.subarray(i * length, (i + 1) * length)
    if (allFinite(image)) return []
    const bad = bands.filter((_, band) => {
      for (let at = band; at < length; at += bands.length) if (!Number.isFinite(image[at])) return true
      return false
    })
    return [{ name, bands: bad }]
  })
}
