import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { choice, PositiveInt, param } from "../../../pipeline/param.ts"
import { Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import { cropped } from "./pixels/cropped.ts"

/** Cuts a square out of each patch. Random corners are keyed by (seed, epoch, index). */
export const crop = operator({
  name: "crop",
  about: "Cuts a square out of each patch, from its centre or at random.",
  from: Patch,
  to: Patch,
  params: {
    size: param(PositiveInt, "Edge of the square in pixels."),
    at: param(choice("centre", "random"), "Where the square is cut out; use `random` for training.", "centre")
  },
  declares: { gives: ({ size }) => ({ size }) },
  each: true,
  run:
    ({ size, at }) =>
    (patches) =>
      Stream.unwrap(
        Effect.map(Run, ({ seed }) =>
          Stream.mapEffect(patches, (patch) => attempt(DataError)(() => cropped(patch, size, at, seed)))
        )
      )
})
