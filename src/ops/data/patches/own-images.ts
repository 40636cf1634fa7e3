/**
 * Images that only one pipeline holds. A step may overwrite them in place of making new ones: fresh memory for an image takes longer
 * than its arithmetic.
 */
import type { Step } from "../../../pipeline/step.ts"
import type { Patch } from "../../elements.ts"

const own = new WeakSet<Float32Array>()

/** Notes that the image of a patch was made just now, and is handed to the next step alone. */
export const handedOver = (patch: Patch): Patch => {
  own.add(patch.image)
  return patch
}

/** Steps that keep no image that they have passed on. */
const PASSING = ["augment", "crop"]

/**
 * Returns a test for patches: whether the next step may overwrite the image.
 *
 * @param before the steps before it; `undefined` if it runs outside of a pipeline
 */
export const overwritable = (before: ReadonlyArray<Step> | undefined): ((patch: Patch) => boolean) => {
  const [first, ...others] = before ?? []
  const alone = first?.name === "read" && others.every(({ name }) => PASSING.includes(name))
  return alone ? ({ image }) => own.delete(image) : () => false
}
