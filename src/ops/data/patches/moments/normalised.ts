/** Normalisation of an image. Does not import Effect, so that pages and threads can use it. */
import { suggestion } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import type { Moments } from "./known-moments.ts"

/**
 * Computes (value - mean) / std for each channel.
 *
 * @param image float32 [..., channels]; not changed
 * @param bands names of the channels, in order
 * @param subject the patch, for messages
 * @throws DataError if a channel has no constants in `moments`
 */
export const normalised = (
  image: Float32Array,
  bands: ReadonlyArray<string>,
  moments: Readonly<Record<string, Moments>>,
  subject: string
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
  const scaled = new Float32Array(image.length)
  for (let i = 0; i < scaled.length; ) {
    for (let channel = 0; channel < channels; channel++, i++) scaled[i] = (image[i] - means[channel]) / stds[channel]
  }
  return scaled
}
