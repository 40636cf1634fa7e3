/** Normalisation and size of the images that reach a step, found from the steps before it. */
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { shapeAfter } from "../../pipeline/declared.ts"
import { digest } from "../../pipeline/digest.ts"
import type { Step } from "../../pipeline/step.ts"
import { momentsOf } from "../data/patches/normalise.ts"
import type { Normalisation, Sizing } from "../elements.ts"
import type { WeightsFile } from "./params.ts"
import { describeWeights } from "./weights/network-file.ts"

const lastOf = (steps: ReadonlyArray<Step>): Step | undefined =>
  steps.findLast(({ name }) => name === "normalise" || name === "as-trained")

/**
 * Name of the normalisation of the images that reach a step: that of the constants, or a digest of the file that holds them.
 *
 * @param before the steps before it
 * @param root folder to which files of constants are relative
 * @returns "unknown" outside a pipeline
 *
 * @example
 * normalisationOf([{ name: "normalise", params: { by: "imagenet", compat: "none" } }], ".") // => "imagenet"
 * normalisationOf([], ".") // => "none"
 */
export const normalisationOf = (before: ReadonlyArray<Step> | undefined, root: string): string => {
  if (before === undefined) return "unknown"
  const step = lastOf(before)
  if (step === undefined) return "none"
  const { by, compat, weights } = step.params
  if (step.name === "as-trained") return describeWeights(weights as WeightsFile).normalisation?.by ?? "unknown"
  if (typeof by !== "string") return "unknown"
  if (by.endsWith(".json")) return `constants ${digest(readFileSync(resolve(root, by)))}`
  return compat === "original" && by === "imagenet" ? "imagenet, red and blue exchanged" : by
}

/**
 * Normalisation of the images that reach a step, with its constants.
 *
 * @param bands bands of the images, in order
 * @throws DataError if a file of constants is missing or damaged
 */
export const constantsOf = (before: ReadonlyArray<Step>, bands: ReadonlyArray<string>, root: string): Normalisation => {
  const by = normalisationOf(before, root)
  const step = lastOf(before)
  if (step === undefined) return { by }
  if (step.name === "as-trained") return describeWeights(step.params.weights as WeightsFile).normalisation ?? { by }
  if (typeof step.params.by !== "string" || step.params.by === "none") return { by }
  const moments = momentsOf(step.params.by, root, step.params.compat === "original" ? "original" : "none")
  const known = bands.flatMap((band) => (Object.hasOwn(moments, band) ? [moments[band]] : []))
  if (known.length < bands.length) return { by }
  return { by, mean: known.map(({ mean }) => mean), std: known.map(({ std }) => std) }
}

/** The steps that bring images to their size, in order. A random crop in training is a centre crop afterwards. */
export const sizingOf = (before: ReadonlyArray<Step>): ReadonlyArray<Sizing> =>
  before.flatMap((step): ReadonlyArray<Sizing> => {
    if (step.name === "as-trained") return describeWeights(step.params.weights as WeightsFile).sizing ?? []
    if (step.name !== "resize" && step.name !== "crop") return []
    const { size } = shapeAfter([step])
    if (size === undefined) return []
    return [step.name === "resize" ? { resize: size } : { crop: size }]
  })
