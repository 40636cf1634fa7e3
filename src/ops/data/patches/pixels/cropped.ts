/** A square cut out of a patch. Does not import Effect, so that pages and threads can use it. */
import { random } from "../../../../pipeline/random.ts"
import type { Patch } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { cut } from "./geometry.ts"

/**
 * Cuts a square out of a patch. Random corners are keyed by (seed, epoch, index).
 *
 * @throws DataError if the patch is smaller
 */
export const cropped = (patch: Patch, size: number, at: "centre" | "random", seed: number): Patch => {
  const down = patch.height - size
  const right = patch.width - size
  if (down < 0 || right < 0) {
    throw new DataError({
      subject: patch.name,
      problem: `has ${patch.height} x ${patch.width} pixels, too few for a crop of ${size} x ${size}`,
      remedy: "Set a smaller `size`"
    })
  }
  const draw = random(seed, patch.epoch, patch.index, "crop")
  const [top, left] =
    at === "random" ? [draw.int(down + 1), draw.int(right + 1)] : [Math.floor(down / 2), Math.floor(right / 2)]
  return { ...patch, ...cut(patch, top, left, size) }
}
