import { Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { choice, param } from "../../pipeline/param.ts"
import { Patch } from "../elements.ts"
import { attempt } from "./errors.ts"
import { BIGEARTHNET_MOMENTS, normalised } from "./normalisation.ts"

/** Scales each channel to mean 0 and standard deviation 1 by the constants of an archive; stands after `augment`. */
export const normalise = operator({
  name: "normalise",
  about: "Subtracts each band's mean and divides by its standard deviation, as known of an archive.",
  from: Patch,
  to: Patch,
  params: {
    by: param(
      choice("bigearthnet", "none"),
      "Whose constants: BigEarthNet v1's; `none` leaves values as they are.",
      "bigearthnet"
    )
  },
  run:
    ({ by }) =>
    (patches) =>
      by === "none"
        ? patches
        : Stream.mapEffect(patches, (patch) =>
            attempt(
              (): Patch => ({ ...patch, image: normalised(patch.image, patch.bands, BIGEARTHNET_MOMENTS, patch.name) })
            )
          )
})
