import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Probability, param } from "../../pipeline/param.ts"
import { type Random, random } from "../../pipeline/random.ts"
import { Patch } from "../elements.ts"
import { Run } from "../run.ts"
import { flipHorizontally, flipVertically, rotate, type Shaped } from "./geometry.ts"

interface Chances {
  readonly h_flip: number
  readonly v_flip: number
  readonly rotate: number
}

/** One of three transformations, chosen evenly, applied with its own probability. */
const transformed = (patch: Shaped, draw: Random, chances: Chances): Shaped => {
  const which = draw.int(3)
  const chance = draw.next()
  if (which === 0) return chance < chances.h_flip ? flipHorizontally(patch) : patch
  if (which === 1) return chance < chances.v_flip ? flipVertically(patch) : patch
  return chance < chances.rotate ? rotate(patch, (1 + draw.int(3)) as 1 | 2 | 3) : patch
}

/**
 * The geometric augmentation of the original: one of horizontal flip, vertical flip and rotation by 90, 180 or 270
 * degrees is chosen evenly, then applied with its own probability, to all bands alike. Draws are keyed by (seed, epoch,
 * index).
 */
export const augment = operator({
  name: "augment",
  about: "Flips or turns patches at random: one of three ways, chosen evenly, each with its own probability.",
  from: Patch,
  to: Patch,
  params: {
    h_flip: param(Probability, "Probability of left and right changing places, once chosen.", 0),
    v_flip: param(Probability, "Probability of top and bottom changing places, once chosen.", 0),
    rotate: param(Probability, "Probability of one, two or three quarter turns, once chosen.", 0)
  },
  run: (chances) => (patches) =>
    Stream.unwrap(
      Effect.map(Run, ({ seed }) =>
        Stream.map(patches, (patch): Patch => {
          const draw = random(seed, patch.epoch, patch.index, "augment")
          const { image, height, width } = transformed(patch, draw, chances)
          return { ...patch, image, height, width }
        })
      )
    )
})
