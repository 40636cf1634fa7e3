import { resolve } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Compat, Name, type Plain, param } from "../../../pipeline/param.ts"
import type { Step } from "../../../pipeline/step.ts"
import { Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import {
  BIGEARTHNET_MOMENTS,
  BIGEARTHNET_V2_MOMENTS,
  IMAGENET_MOMENTS,
  IMAGENET_SWAPPED,
  type Moments
} from "./moments/known-moments.ts"
import { readMoments } from "./moments/moments-file.ts"
import { normalised } from "./moments/normalised.ts"
import { overwritable } from "./own-images.ts"

const KNOWN: Readonly<Record<string, Readonly<Record<string, Moments>>>> = {
  bigearthnet: BIGEARTHNET_MOMENTS,
  "bigearthnet-v2": BIGEARTHNET_V2_MOMENTS,
  imagenet: IMAGENET_MOMENTS
}
const NAMES = ["bigearthnet", "bigearthnet-v2", "imagenet", "none"] as const

/** A known name or a file; the error for anything else names both. */
const By: Plain<string> = Name.check(
  Schema.makeFilter((by: string) => NAMES.some((name) => name === by) || by.endsWith(".json") || "unknown", {
    expected: `${NAMES.map((name) => `"${name}"`).join(", ")} or a .json file`
  })
)

/** The constants of that name, or from a file under `root`. @throws DataError if the file is missing or damaged */
export const momentsOf = (by: string, root: string, compat: "none" | "original") => {
  if (by === "imagenet" && compat === "original") return IMAGENET_SWAPPED
  if (Object.hasOwn(KNOWN, by)) return KNOWN[by]
  return readMoments(resolve(root, by))
}

/**
 * A function that restores the values from before the last `normalise` among some steps, value * std + mean; `undefined` if there
 * is no such step. Channels without constants are left as they are.
 *
 * @param root folder to which files of constants are relative
 * @throws DataError if the constants cannot be read
 */
export const denormaliser = (steps: ReadonlyArray<Step>, root: string) => {
  const params = steps.findLast(({ name }) => name === "normalise")?.params
  if (typeof params?.by !== "string" || params.by === "none") return undefined
  const moments: Readonly<Record<string, Moments>> = momentsOf(
    params.by,
    root,
    params.compat === "original" ? "original" : "none"
  )
  return (image: Float32Array, bands: ReadonlyArray<string>): Float32Array => {
    const known = bands.map((band) => (Object.hasOwn(moments, band) ? moments[band] : { mean: 0, std: 1 }))
    return image.map((value, i) => {
      const { mean, std } = known[i % bands.length]
      return value * std + mean
    })
  }
}

/** Scales each channel to mean 0 and standard deviation 1 by the constants of an archive; belongs after `augment`. */
export const normalise = operator({
  name: "normalise",
  about: "Subtracts each band's mean and divides by its standard deviation, both known or computed.",
  from: Patch,
  to: Patch,
  params: {
    by: param(
      By,
      "The constants: of BigEarthNet v1, of v2 (Sentinel-1 included), of ImageNet for colours from 0 to 1, or a file under `root_dir` that `statistics` wrote; `none` leaves values unchanged.",
      "bigearthnet"
    ),
    compat: param(Compat, "`original`: ImageNet's constants of red and blue are exchanged.", "none")
  },
  declares: { reads: ({ by }, { root }) => (by.endsWith(".json") ? [resolve(root, by)] : []) },
  each: true,
  run:
    ({ by, compat }, { before }) =>
    (patches) =>
      by === "none"
        ? patches
        : Stream.unwrap(
            Effect.gen(function* () {
              const { root } = yield* Run
              const moments = yield* attempt(DataError)(() => momentsOf(by, root, compat))
              const mayOverwrite = overwritable(before)
              return Stream.mapEffect(patches, (patch) =>
                attempt(DataError)((): Patch => {
                  const { bands, image, name } = patch
                  const into = mayOverwrite(patch) ? image : undefined
                  return { ...patch, image: normalised(image, bands, moments, name, into) }
                })
              )
            })
          )
})
