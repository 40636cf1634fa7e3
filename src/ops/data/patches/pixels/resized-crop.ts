/** Random resized crops (Szegedy et al., CVPR 2015): a rectangle is cut out and resampled to the size of the image. */
import { Schema } from "effect"
import { Probability, Share } from "../../../../pipeline/param.ts"
import type { Random } from "../../../../pipeline/random.ts"
import { bilinear } from "./bilinear.ts"
import type { Rectangle } from "./erasing.ts"
import type { Shaped } from "./geometry.ts"

export const ResizedCrop = Schema.Struct({
  p: Probability,
  least: Schema.optionalKey(Share),
  aspect: Schema.optionalKey(Share)
}).annotate({
  expected:
    "a mapping of p and, if wanted, least (smallest share of the area, above 0, at most 1), aspect (smallest width by height, above 0, at most 1)"
})
export type ResizedCrop = typeof ResizedCrop.Type

const TRIES = 10

/**
 * Draws a rectangle: its share of the area is uniform from `least` to 1, the logarithm of its aspect uniform from `aspect` to
 * 1 / `aspect`, as in torchvision. Undefined with probability 1 - `p`, or if none of 10 fits.
 */
export const cropDrawn = (
  { height, width }: Pick<Shaped, "height" | "width">,
  draw: Random,
  { aspect = 3 / 4, least = 0.2, p }: ResizedCrop
): Rectangle | undefined => {
  if (draw.next() >= p) return undefined
  const bend = Math.log(aspect)
  for (let i = 0; i < TRIES; i++) {
    const area = draw.between(least, 1) * height * width
    const ratio = Math.exp(draw.between(bend, -bend))
    const [rows, columns] = [Math.round(Math.sqrt(area / ratio)), Math.round(Math.sqrt(area * ratio))]
    if (rows < 1 || columns < 1 || rows > height || columns > width) continue
    return { rows, columns, top: draw.int(height - rows + 1), left: draw.int(width - columns + 1) }
  }
  return undefined
}

/** One channel of a rectangle, row-major. */
const channelOf = (values: ArrayLike<number>, { width }: Shaped, at: Rectangle, channel: number, channels: number) =>
  Float32Array.from({ length: at.rows * at.columns }, (_, i) => {
    const [row, column] = [at.top + Math.floor(i / at.columns), at.left + (i % at.columns)]
    return values[(row * width + column) * channels + channel]
  })

/**
 * Cuts out a rectangle and resamples it bilinearly to the size of the image. A pixel of the result has no data if more than
 * half of it, by weight, comes from pixels without data.
 */
export const resizedCrop = (shaped: Shaped, at: Rectangle): Shaped => {
  const { height, image, nodata, width } = shaped
  const channels = image.length / (height * width)
  const resampled = (values: ArrayLike<number>): Float32Array => {
    const out = new Float32Array(values.length)
    for (let c = 0; c < channels; c++) {
      const band = bilinear(channelOf(values, shaped, at, c, channels), at.rows, at.columns, height, width)
      band.forEach((value, i) => {
        out[i * channels + c] = value
      })
    }
    return out
  }
  if (nodata === undefined) return { ...shaped, image: resampled(image) }
  return {
    ...shaped,
    image: resampled(image),
    nodata: Uint8Array.from(resampled(nodata), (share) => (share > 0.5 ? 1 : 0))
  }
}
