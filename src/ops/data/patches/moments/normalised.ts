/** Normalisation of an image. Does not import Effect, so that pages and threads can use it. */
import { suggestion } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import type { Moments } from "./known-moments.ts"

/**
 * Computes (value - mean) / std for each channel.
 *
 * @param image float32 [..., channels]
 * @param bands names of the channels, in order
 * @param subject the patch, for messages
 * @param into receives the values; by default a new image, and it may be `image` itself
 * @throws DataError if a channel has no constants in `moments`
 */
export const normalised = (
  image: Float32Array,
  bands: ReadonlyArray<string>,
  moments: Readonly<Record<string, Moments>>,
  subject: string,
  into: Float32Array = new Float32Array(image.length)
): Float32Array => {
  const known = bands.map((band) => {
    if (Object.hasOwn(moments, band)) return moments[band]
    throw new DataError({
      subject,
      problem: `has a channel ${band} without normalisation constants${suggestion(band, Object.keys(moments))}`,
      remedy:
        "Compute them with the step `statistics` and name its file in `by` of `normalise`, read other bands, or set `by: none`"
    })
  })
  const channels = known.length
  const means = Float64Array.from(known, ({ mean }) => mean)
  const stds = Float64Array.from(known, ({ std }) => std)
  for (let i = 0; i < into.length; ) {
    for (let channel = 0; channel < channels; channel++, i++) into[i] = (image[i] - means[channel]) / stds[channel]
  }
  return into
}
