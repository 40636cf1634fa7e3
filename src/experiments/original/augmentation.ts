/** Translates the augmentation of a file in the original's form. */
import type { Facts } from "./facts.ts"
import type { WrittenStep } from "./steps.ts"

const truth = (value: boolean | 0 | 1 | undefined): boolean | undefined =>
  value === undefined ? undefined : Boolean(value)

/**
 * Returns the step that augments training images, or none. The original asks `use_transform` for BigEarthNet only and
 * always augments the images of the other data sets; `compat: original` does the same.
 */
export const augmentSteps = ({ file, original, pictures }: Facts): ReadonlyArray<WrittenStep> => {
  const { compose, image_size: _, normalize: __, random_erasing, use_transform, ...chances } = file.augment_config ?? {}
  if (!use_transform && !(original && pictures)) return []
  const erasing = random_erasing === undefined ? undefined : { p: 0, sl: 0.02, sh: 0.4, r1: 0.3, ...random_erasing }
  return [["augment", { ...chances, compose: truth(compose), random_erasing: erasing }]]
}
