/** The steps that read patches and prepare them for a network. */
import type { Split } from "../../ops/elements.ts"
import { listsFolderOf, splitOf } from "./archive-paths.ts"
import type { Facts } from "./facts.ts"
import type { WrittenStep } from "./steps.ts"

const nomenclatureOf = ({ file, pictures }: Facts): string | undefined => {
  if (pictures) return undefined
  return file.model.num_classes === 43 ? "43" : "19"
}

/** Returns the parameters that say where pixels come from: the store for BigEarthNet, the archive's files for the others. */
export const sourceOf = ({ kind, pictures }: Facts) =>
  pictures ? { from: ".", store: "none", kind } : { from: "patches.lmdb" }

/**
 * Returns the step that reads the patches of a split.
 *
 * @param more further parameters of `read`
 */
export const readStep = (facts: Facts, split: Split, more: Readonly<Record<string, unknown>> = {}): WrittenStep => [
  "read",
  {
    split: splitOf(facts, split),
    lists: listsFolderOf(facts, split) === "." ? undefined : listsFolderOf(facts, split),
    ...more,
    ...sourceOf(facts),
    bands: facts.file.model.channels === 10 ? "s2-10m+20m" : "rgb",
    nomenclature: nomenclatureOf(facts)
  }
]

/** Returns the step that normalises: by ImageNet's constants for RGB data sets, by BigEarthNet's for its bands. */
export const normaliseStep = ({ file, pictures }: Facts): WrittenStep => {
  const { normalize = true } = file.augment_config ?? {}
  return ["normalise", { by: !normalize ? "none" : pictures ? "imagenet" : "bigearthnet" }]
}

/** Returns the step that resizes the images of RGB data sets. BigEarthNet's patches are 120 x 120 and keep that size. */
export const resizeSteps = ({ file, pictures }: Facts): ReadonlyArray<WrittenStep> =>
  pictures ? [["resize", { size: file.augment_config?.image_size ?? 256 }]] : []
