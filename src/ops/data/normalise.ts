import { Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Compat, choice, param } from "../../pipeline/param.ts"
import { Patch } from "../elements.ts"
import { attempt } from "./errors.ts"
import { BIGEARTHNET_MOMENTS, IMAGENET_MOMENTS, IMAGENET_SWAPPED, normalised } from "./normalisation.ts"

const momentsOf = (by: "bigearthnet" | "imagenet", compat: "none" | "original") =>
  by === "bigearthnet" ? BIGEARTHNET_MOMENTS : compat === "original" ? IMAGENET_SWAPPED : IMAGENET_MOMENTS

/** Scales each channel to mean 0 and standard deviation 1 by the constants of an archive; stands after `augment`. */
export const normalise = operator({
  name: "normalise",
  about: "Subtracts each band's mean and divides by its standard deviation, as known of an archive.",
  from: Patch,
  to: Patch,
  params: {
    by: param(
      choice("bigearthnet", "imagenet", "none"),
      "Whose constants: BigEarthNet v1's, or ImageNet's for colours from 0 to 1; `none` leaves values as they are.",
      "bigearthnet"
    ),
    compat: param(Compat, "`original`: ImageNet's constants of red and blue are exchanged.", "none")
  },
  run:
    ({ by, compat }) =>
    (patches) =>
      by === "none"
        ? patches
        : Stream.mapEffect(patches, (patch) =>
            attempt(
              (): Patch => ({
                ...patch,
                image: normalised(patch.image, patch.bands, momentsOf(by, compat), patch.name)
              })
            )
          )
})
