import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { choice, PositiveInt, param } from "../../../pipeline/param.ts"
import { random } from "../../../pipeline/random.ts"
import { Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import { cut } from "./pixels/geometry.ts"

/**
 * Cuts a square out of a patch.
 *
 * @param seed key of the random corner; not used for the centre
 * @throws DataError if the patch is smaller than the square
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
