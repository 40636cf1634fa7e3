/** From bands of several sizes to one image. */
import { few, nearest } from "../../../../pipeline/words.ts"
import type { Band } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { type RowWriter, resampledRows } from "../pixels/bilinear.ts"

export interface Image {
  /** float32 [height, width, channels]. */
  readonly image: Float32Array
  readonly height: number
  readonly width: number
}

const notEmpty = (band: Band, subject: string): Band => {
  if (band.height > 0 && band.width > 0) return band
  throw new DataError({
    subject,
    problem: `has band ${band.name} of ${band.height} x ${band.width} pixels`,
    remedy: "Get the patch anew, or leave the band out"
  })
}

/** Bands that a message names: all of Sentinel-2 and Sentinel-1. */
const SHOWN = 15

const rowsOf = ({ data, ...band }: Band, height: number, width: number): RowWriter => {
  if (band.height !== height || band.width !== width) return resampledRows(data, band.height, band.width, height, width)
  return (row, image, at, step) => {
    const from = row * width
    for (let column = 0, to = at; column < width; column++, to += step) image[to] = data[from + column]
  }
}

/**
 * Stacks the wanted bands as channels, in their order; coarser ones are resampled to the largest of them (see `bilinear.ts`).
 *
 * @param subject whose bands they are, for messages
 * @throws DataError where a wanted band is missing, or has no pixels
 */
export const assemble = (bands: ReadonlyArray<Band>, wanted: ReadonlyArray<string>, subject: string): Image => {
  const chosen = wanted.map((name) => {
    const band = bands.find((one) => one.name === name)
    if (band !== undefined) return notEmpty(band, subject)
    const known = bands.map((one) => one.name)
    const near = nearest(name, known)
    throw new DataError({
      subject,
      problem: `has no band ${name}${near === undefined ? "" : `; did you mean \`${near}\`?`}`,
      remedy: `Choose among the bands that the store holds: ${few(known, SHOWN)}`
    })
  })
  const height = chosen.reduce((most, band) => Math.max(most, band.height), 0)
  const width = chosen.reduce((most, band) => Math.max(most, band.width), 0)
  const image = new Float32Array(height * width * chosen.length)
  const writers = chosen.map((band) => rowsOf(band, height, width))
  // Row by row through all bands: a row of the image stays in the processor's cache.
  for (let row = 0; row < height; row++) {
    const at = row * width * chosen.length
    for (let channel = 0; channel < chosen.length; channel++) writers[channel](row, image, at + channel, chosen.length)
  }
  return { image, height, width }
}
