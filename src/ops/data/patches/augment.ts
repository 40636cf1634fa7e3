import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Compat, Flag, optional, Positive, Probability, param } from "../../../pipeline/param.ts"
import { type Random, random } from "../../../pipeline/random.ts"
import { Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import { erased, RandomErasing, rectangles } from "./pixels/erasing.ts"
import { flipHorizontally, flipVertically, rotate, type Shaped } from "./pixels/geometry.ts"
import { type PixelChances, pixelsChanged } from "./pixels/pixel-operations.ts"

interface Chances extends PixelChances {
  readonly h_flip: number
  readonly v_flip: number
  readonly rotate: number
}

interface Options extends Chances {
  readonly compose: boolean
  readonly white: number | undefined
  readonly random_erasing: RandomErasing
  readonly compat: "none" | "original"
}

/** One of three transformations, chosen evenly, applied with its own probability. */
const transformed = (patch: Shaped, draw: Random, chances: Chances): Shaped => {
  const which = draw.int(3)
  const chance = draw.next()
  if (which === 0) return chance < chances.h_flip ? flipHorizontally(patch) : patch
  if (which === 1) return chance < chances.v_flip ? flipVertically(patch) : patch
  return chance < chances.rotate ? rotate(patch, (1 + draw.int(3)) as 1 | 2 | 3) : patch
}

/** Reflectance of 1 in the units of Sentinel-2's products. */
const REFLECTANCE = 10_000

/** @throws DataError if the value of white is not known for these bands */
const whiteOf = ({ bands, name, white }: Patch): number => {
  if (white !== undefined) return white
  if (bands.every((band) => /^B\d/.test(band))) return REFLECTANCE
  throw new DataError({
    subject: name,
    problem: `has the channels ${bands.join(", ")}, whose value of white is not known`,
    remedy: "Set `white` of `augment`, or set its blur, brightness, contrast and gamma to 0"
  })
}

const augmented = (patch: Patch, seed: number, options: Options): Patch => {
  const { blur, brightness, compat, compose, contrast, gamma, random_erasing, white } = options
  const original = compat === "original"
  const drawOf = (purpose: string) => random(seed, patch.epoch, patch.index, purpose)
  const turned = transformed(patch, drawOf("augment"), options)
  const chances = { blur, brightness, contrast, gamma }
  const changed = Object.values(chances).every((chance) => chance === 0)
    ? turned
    : pixelsChanged(turned, drawOf("augment pixels"), {
        chances,
        compose,
        white: white ?? whiteOf(patch),
        acrossBands: original
      })
  const { image, height, nodata, width } = erased(
    changed,
    rectangles(changed, drawOf("erase"), random_erasing, original)
  )
  return { ...patch, image, height, width, nodata }
}

/**
 * The augmentation of the original, before normalisation. First, one of horizontal flip, vertical flip and rotation by 90,
 * 180 or 270 degrees is chosen evenly and applied to all bands with its own probability. Then, with probability 1/2, one of
 * the pixel operations is chosen. Then random erasing follows. Draws are keyed by (seed, epoch, index).
 */
export const augment = operator({
  name: "augment",
  about: "Changes patches at random: flips and turns, pixel operations, erased rectangles; belongs before `normalise`.",
  from: Patch,
  to: Patch,
  params: {
    use_transform: param(Flag, "Whether patches are changed at all.", true),
    h_flip: param(Probability, "Probability of a left-right flip, once chosen among the three.", 0),
    v_flip: param(Probability, "Probability of a top-bottom flip, once chosen among the three.", 0),
    rotate: param(Probability, "Probability of one, two or three quarter turns, once chosen among the three.", 0),
    blur: param(
      Probability,
      "Probability of a 3x3 box blur, once chosen; for half of the patches one of these four is chosen.",
      0
    ),
    brightness: param(Probability, "Probability of up to 0.1 more or less, once chosen.", 0),
    contrast: param(Probability, "Probability of up to 10 % more or less, once chosen.", 0),
    gamma: param(Probability, "Probability of an exponent from 0.9 to 1, once chosen.", 0),
    compose: param(Flag, "Whether applying all four in order is a fifth choice.", false),
    white: optional(
      Positive,
      "The value that pixel operations treat as 1; by default white of 8-bit images, or 10000 for Sentinel-2."
    ),
    random_erasing: param(
      RandomErasing,
      "A rectangle set to 0: its probability p, smallest and largest share of the area sl and sh, smallest aspect r1.",
      { p: 0, sl: 0.02, sh: 0.4, r1: 0.3 }
    ),
    compat: param(
      Compat,
      "`original`: erasing continues after a rectangle that fits, up to 100; the blur runs over bands and rows.",
      "none"
    )
  },
  each: true,
  run: (options) => (patches) =>
    options.use_transform
      ? Stream.unwrap(
          Effect.map(Run, ({ seed }) =>
            Stream.mapEffect(patches, (patch) => attempt(DataError)(() => augmented(patch, seed, options)))
          )
        )
      : patches
})
