/** Colour jitter of red, green and blue in [0, 1]: brightness, contrast, saturation and hue, in an order that is drawn. */
import { Schema } from "effect"
import { NonNegative, Probability } from "../../../../pipeline/param.ts"
import type { Random } from "../../../../pipeline/random.ts"
import type { Shaped } from "./geometry.ts"

export const ColourJitter = Schema.Struct({
  p: Probability,
  brightness: Schema.optionalKey(NonNegative),
  contrast: Schema.optionalKey(NonNegative),
  saturation: Schema.optionalKey(NonNegative),
  hue: Schema.optionalKey(NonNegative)
})
  .check(Schema.makeFilter(({ hue = 0.1 }: { hue?: number }) => hue <= 0.5 || "hue above 0.5"))
  .annotate({
    expected: "a mapping of p and, if wanted, brightness, contrast, saturation (at least 0) and hue (0 to 0.5)"
  })
export type ColourJitter = typeof ColourJitter.Type

/** Weights of red, green and blue in grey (ITU-R BT.601), as torchvision has them. */
const GREY = [0.299, 0.587, 0.114] as const

const clip = (value: number): number => Math.min(1, Math.max(0, value))

/** Pixels [n, 3] in [0, 1], changed in place by a factor. */
type Change = (pixels: Float64Array, factor: number) => void

const greyOf = (pixels: Float64Array, i: number): number =>
  GREY[0] * pixels[i] + GREY[1] * pixels[i + 1] + GREY[2] * pixels[i + 2]

const brightness: Change = (pixels, factor) => {
  for (let i = 0; i < pixels.length; i++) pixels[i] = clip(pixels[i] * factor)
}

/** Away from, or towards, the mean grey of the image. */
const contrast: Change = (pixels, factor) => {
  let sum = 0
  for (let i = 0; i < pixels.length; i += 3) sum += greyOf(pixels, i)
  const mean = (3 * sum) / pixels.length
  for (let i = 0; i < pixels.length; i++) pixels[i] = clip(factor * pixels[i] + (1 - factor) * mean)
}

/** Away from, or towards, the grey of each pixel. */
const saturation: Change = (pixels, factor) => {
  for (let i = 0; i < pixels.length; i += 3) {
    const grey = greyOf(pixels, i)
    for (let c = i; c < i + 3; c++) pixels[c] = clip(factor * pixels[c] + (1 - factor) * grey)
  }
}

/** Turns the hue of each pixel by `turn` of a full circle; the largest and smallest of its three values stay. */
const hue: Change = (pixels, turn) => {
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = pixels.subarray(i, i + 3)
    const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)]
    const range = most - least
    // Not `range === 0`: NaN must stay NaN.
    if (range <= 0) continue
    const sixth = most === r ? (g - b) / range : most === g ? 2 + (b - r) / range : 4 + (r - g) / range
    const at = (sixth + 6 * turn + 12) % 6
    ;[5, 3, 1].forEach((from, c) => {
      const k = (from + at) % 6
      pixels[i + c] = most - range * Math.max(0, Math.min(k, 4 - k, 1))
    })
  }
}

/** Whether changes are applied, and with which factors, in their order. */
const drawn = (
  draw: Random,
  { brightness: b = 0.4, contrast: c = 0.4, hue: h = 0.1, p, saturation: s = 0.4 }: ColourJitter
) => {
  if (draw.next() >= p) return []
  const around = (most: number) => draw.between(Math.max(0, 1 - most), 1 + most)
  const changes = [
    { change: brightness, factor: around(b) },
    { change: contrast, factor: around(c) },
    { change: saturation, factor: around(s) },
    { change: hue, factor: draw.between(-h, h) }
  ]
  return [...draw.permutation(changes.length)].map((i) => changes[i])
}

/**
 * With probability `p`, multiplies brightness, contrast and saturation by factors uniform in 1 ± their parameters (0.4) and
 * turns the hue by up to ± `hue` (0.1) of a circle, in an order that is drawn (Krizhevsky et al. 2012; the formulas are
 * torchvision's).
 *
 * @param white the value that becomes 1
 */
export const coloursJittered = (shaped: Shaped, draw: Random, jitter: ColourJitter, white: number): Shaped => {
  const changes = drawn(draw, jitter)
  if (changes.length === 0) return shaped
  const pixels = Float64Array.from(shaped.image, (value) => value / white)
  for (const { change, factor } of changes) change(pixels, factor)
  return { ...shaped, image: Float32Array.from(pixels, (value) => value * white) }
}
