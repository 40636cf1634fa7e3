/** From bands of several sizes to one image. */
import { suggestion } from "../../pipeline/words.ts"
import type { Band } from "../elements.ts"
import { DataError } from "./errors.ts"
import { resizeInto } from "./resize.ts"

export interface Image {
  /** float32 [height, width, channels]. */
  readonly image: Float32Array
  readonly height: number
  readonly width: number
}

/**
 * Stacks the wanted bands as channels, in their order; coarser ones are resampled to the largest of them (see `resize.ts`).
 *
 * @param subject whose bands they are, for messages
 * @throws DataError where a wanted band is missing
 */
export const assemble = (bands: ReadonlyArray<Band>, wanted: ReadonlyArray<string>, subject: string): Image => {
  const chosen = wanted.map((name) => {
    const band = bands.find((one) => one.name === name)
    if (band !== undefined) return band
    const known = bands.map((one) => one.name)
    throw new DataError({
      subject,
      problem: `has no band ${name}${suggestion(name, known)}`,
      remedy: "Choose among the bands that the store holds"
    })
  })
  const height = chosen.reduce((most, band) => Math.max(most, band.height), 0)
  const width = chosen.reduce((most, band) => Math.max(most, band.width), 0)
  const image = new Float32Array(height * width * chosen.length)
  chosen.forEach((band, channel) => {
    if (band.height === height && band.width === width) {
      for (let i = 0, at = channel; i < band.data.length; i++, at += chosen.length) image[at] = band.data[i]
    } else {
      resizeInto(band.data, band.height, band.width, image, height, width, channel, chosen.length)
    }
  })
  return { image, height, width }
}
