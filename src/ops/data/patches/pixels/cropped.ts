/** A square cut out of a patch. Does not import Effect, so that pages and threads can use it. */
import { type Random, random } from "../../../../pipeline/random.ts"
import type { Patch } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { cut } from "./geometry.ts"
import type { Corner } from "./turns.ts"

/** Where a square is cut out. */
export type At = "centre" | "random"

/** The upper left corner of a square of an image that is at least as large. */
export const cornerOf = (
  { height, width }: Pick<Patch, "height" | "width">,
  size: number,
  at: At,
  draw: Random
): Corner => {
  const [down, right] = [height - size, width - size]
  return at === "random" ? [draw.int(down + 1), draw.int(right + 1)] : [Math.floor(down / 2), Math.floor(right / 2)]
}

/**
 * Cuts a square out of a patch. Random corners are keyed by (seed, epoch, index).
 *
 * @throws DataError if the patch is smaller
 */
export const cropped = (patch: Patch, size: number, at: At, seed: number): Patch => {
  if (patch.height < size || patch.width < size) {
    throw new DataError({
      subject: patch.name,
      problem: `has ${patch.height} x ${patch.width} pixels, too few for a crop of ${size} x ${size}`,
      remedy: "Set a smaller `size`"
    })
  }
  if (patch.height === size && patch.width === size) return patch
  const [top, left] = cornerOf(patch, size, at, random(seed, patch.epoch, patch.index, "crop"))
  return { ...patch, ...cut(patch, top, left, size) }
}
