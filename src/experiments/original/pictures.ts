/** From a file's data set to the steps that give patches ready for a network. */
import type { Split } from "../../ops/elements.ts"
import type { Facts } from "./facts.ts"
import type { WrittenStep } from "./steps.ts"

/** The original's `val` reads the test list of BigEarthNet, and its `test` the validation list. */
export const splitOf = ({ original, pictures }: Facts, split: Split): Split =>
  pictures || !original || split === "train" ? split : split === "val" ? "test" : "val"

const nomenclatureOf = ({ file, pictures }: Facts): string | undefined => {
  if (pictures) return undefined
  return file.model.num_classes === 43 ? "43" : "19"
}

/** Where pixels come from: a store for bands, the archive's own files for pictures. */
export const sourceOf = ({ kind, pictures }: Facts) =>
  pictures ? { from: ".", store: "none", kind } : { from: "patches.lmdb" }

export const readStep = (facts: Facts, split: Split, more: Readonly<Record<string, unknown>> = {}): WrittenStep => [
  "read",
  {
    split: splitOf(facts, split),
    ...more,
    ...sourceOf(facts),
    bands: facts.file.model.channels === 10 ? "s2-10m+20m" : "rgb",
    nomenclature: nomenclatureOf(facts)
  }
]

/** The original has the constants of ImageNet for pictures, those of BigEarthNet for its bands. */
export const normaliseStep = ({ file, pictures }: Facts): WrittenStep => {
  const { normalize = true } = file.augment_config ?? {}
  return ["normalise", { by: !normalize ? "none" : pictures ? "imagenet" : "bigearthnet" }]
}

/** Pictures come in sizes of their own; bands are 120 x 120, and stay so. */
export const resizeSteps = ({ file, pictures }: Facts): ReadonlyArray<WrittenStep> =>
  pictures ? [["resize", { size: file.augment_config?.image_size ?? 256 }]] : []
