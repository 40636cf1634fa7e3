import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Compat, Flag, optional, Positive, Probability, param } from "../../../pipeline/param.ts"
import { type Random, random } from "../../../pipeline/random.ts"
import { Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { Run } from "../../run.ts"
import { RGB_BANDS } from "./bands.ts"
import { handedOver } from "./own-images.ts"
import { ColourJitter, coloursJittered } from "./pixels/colour-jitter.ts"
import { erased, RandomErasing, rectangles } from "./pixels/erasing.ts"
import type { Shaped } from "./pixels/geometry.ts"
import { type PixelChances, pixelsChanged } from "./pixels/pixel-operations.ts"
import { cropDrawn, ResizedCrop, resizedCrop } from "./pixels/resized-crop.ts"
import { bandsJittered, withoutBands } from "./pixels/spectral.ts"
import { drawnTurn, type TurnChances, turned } from "./pixels/turns.ts"

interface Options extends PixelChances, TurnChances {
  readonly compose: boolean
  readonly white: number | undefined
  readonly random_erasing: RandomErasing
  readonly compat: "none" | "original"
  readonly resized_crop: ResizedCrop
  readonly colour_jitter: ColourJitter
  readonly band_jitter: number
  readonly band_dropout: number
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

type DrawOf = (purpose: string) => Random

/** Channels that are red, green and blue, in this order. */
const COLOURS = [RGB_BANDS.join(), "B04,B03,B02"]

/** @throws DataError if the channels are not red, green and blue */
const coloured = (shaped: Shaped, drawOf: DrawOf, patch: Patch, { colour_jitter, white }: Options): Shaped => {
  if (colour_jitter.p === 0) return shaped
  if (!COLOURS.includes(patch.bands.join())) {
    throw new DataError({
      subject: patch.name,
      problem: `has the channels ${patch.bands.join(", ")}, but \`colour_jitter\` changes red, green and blue`,
      remedy: "Use `band_jitter` instead, or read red, green and blue in this order"
    })
  }
  return coloursJittered(shaped, drawOf("augment colours"), colour_jitter, white ?? whiteOf(patch))
}

/** A rectangle, resampled to the size of the patch. */
const zoomed = (shaped: Shaped, drawOf: DrawOf, { resized_crop }: Options): Shaped => {
  const at = cropDrawn(shaped, drawOf("augment crop"), resized_crop)
  return at === undefined ? shaped : resizedCrop(shaped, at)
}

/** Factors of single bands, then dropped bands. */
const spectral = (shaped: Shaped, drawOf: DrawOf, { band_dropout, band_jitter }: Options): Shaped => {
  const jittered = band_jitter === 0 ? shaped : bandsJittered(shaped, drawOf("augment bands"), band_jitter)
  return band_dropout === 0 ? jittered : withoutBands(jittered, drawOf("drop bands"), band_dropout)
}

const augmented = (patch: Patch, seed: number, options: Options): Patch => {
  const { blur, brightness, compat, compose, contrast, gamma, random_erasing, white } = options
  const original = compat === "original"
  const drawOf = (purpose: string) => random(seed, patch.epoch, patch.index, purpose)
  const shaped = zoomed(turned(patch, drawnTurn(drawOf("augment"), options)), drawOf, options)
  const chances = { blur, brightness, contrast, gamma }
  const changed = Object.values(chances).every((chance) => chance === 0)
    ? shaped
    : pixelsChanged(shaped, drawOf("augment pixels"), {
        chances,
        compose,
        white: white ?? whiteOf(patch),
        acrossBands: original
      })
  const whole = spectral(coloured(changed, drawOf, patch, options), drawOf, options)
  const { image, height, nodata, width } = erased(whole, rectangles(whole, drawOf("erase"), random_erasing, original))
  const made = { ...patch, image, height, width, nodata }
  return image === patch.image ? made : handedOver(made)
}

/**
 * The augmentation of the original, before normalisation. First, one of horizontal flip, vertical flip and rotation by 90,
 * 180 or 270 degrees is chosen evenly and applied to all bands with its own probability. Then, with probability 1/2, one of
 * the pixel operations is chosen. Then random erasing follows. A resized crop comes before the pixel operations; colour jitter,
 * band jitter and band dropout come after them. Draws are keyed by (seed, epoch, index).
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
    resized_crop: param(
      ResizedCrop,
      "With probability p, a rectangle of at least the share `least` (0.2) of the area and of at least the aspect `aspect` (3/4) is cut out and resampled to the patch's size.",
      { p: 0 }
    ),
    colour_jitter: param(
      ColourJitter,
      "With probability p, changes brightness, contrast and saturation by up to these shares (0.4 each) and turns the hue (0.1 of a circle); for red, green and blue.",
      { p: 0 }
    ),
    band_jitter: param(Probability, "Each band is multiplied by a factor of its own, uniform in 1 ± this number.", 0),
    band_dropout: param(Probability, "Probability of each band to be set to 0; at least one band is kept.", 0),
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
