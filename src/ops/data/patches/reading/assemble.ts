/** From bands of several sizes to one image. */
import { few, nearest } from "../../../../pipeline/words.ts"
import type { Band } from "../../../elements.ts"
import { checkValues, IMAGE_BOUND, MAX_VALUES } from "../../../formats/bounds.ts"
import { DataError } from "../../../formats/data-error.ts"
import { type Part, type RowWriter, resampledRows, resampledValidRows, wholeOf } from "../pixels/bilinear.ts"
import { DECLARED_ONLY, filledBand, type NodataRule } from "./nodata.ts"

export interface Image {
  /** float32 [height, width, channels]. */
  readonly image: Float32Array
  readonly height: number
  readonly width: number
  /** uint8 [height, width, channels]: 1 for a value that was filled in for want of data; `undefined` if no value was. */
  readonly nodata: Uint8Array | undefined
}

const notEmpty = (band: Band, subject: string): Band => {
  if (band.height > 0 && band.width > 0) return band
  throw new DataError({
    subject,
    problem: `has band ${band.name} of ${band.height} x ${band.width} pixels`,
    remedy: "Get the patch again, or leave the band out"
  })
}

/** How many bands a message names: all of Sentinel-2 and Sentinel-1. */
const SHOWN = 15

/** The rows of a band in the patch's size; `valid` marks its pixels with data, if some have none. */
interface Channel {
  readonly write: RowWriter
  readonly valid: Uint8Array | undefined
}

/** Writes the rows of a band that has the image's size already. */
const ownRows =
  (data: ArrayLike<number>, width: number, { left, width: count }: Part): RowWriter =>
  (row, image, at, step) => {
    const from = row * width + left
    for (let i = from, to = at; i < from + count; i++, to += step) image[to] = data[i]
  }

const channelOf = (
  band: Band,
  [toHeight, toWidth]: readonly [number, number],
  part: Part,
  rule: NodataRule,
  subject: string
): Channel => {
  const { data, height, width } = band
  const filled = filledBand(band, rule, subject)
  const same = height === toHeight && width === toWidth
  if (filled === undefined) {
    const write = same ? ownRows(data, width, part) : resampledRows(data, height, width, toHeight, toWidth, part)
    return { write, valid: undefined }
  }
  if (same) return { write: ownRows(filled.data, width, part), valid: filled.valid }
  return resampledValidRows(filled.data, filled.valid, height, width, toHeight, toWidth, part)
}

/** The marks of all channels, side by side for each pixel; `undefined` if every pixel of the patch has data. */
const interleaved = (channels: ReadonlyArray<Channel>, part: Part, whole: number): Uint8Array | undefined => {
  if (channels.every(({ valid }) => valid === undefined)) return undefined
  const nodata = new Uint8Array(part.height * part.width * channels.length)
  channels.forEach(({ valid }, channel) => {
    if (valid === undefined) return
    let to = channel
    for (let row = part.top; row < part.top + part.height; row++) {
      const from = row * whole + part.left
      for (let i = from; i < from + part.width; i++, to += channels.length) nodata[to] = 1 - valid[i]
    }
  })
  return nodata
}

/**
 * Stacks the wanted bands as channels, in their order. Coarser bands are resampled to the size of the largest (see
 * `bilinear.ts`). Pixels without data are filled, and mix with no neighbour.
 *
 * @param subject the patch, for messages
 * @param maxValues largest number of values of the whole patch; one long row and one long column make a large image
 * @param partOf chooses the part of the patch that is made; by default all of it
 * @throws DataError if a wanted band is missing, has no pixels, or has no data and is to be filled with its mean, or the
 *   image would be too large
 */
export const assemble = (
  bands: ReadonlyArray<Band>,
  wanted: ReadonlyArray<string>,
  subject: string,
  rule: NodataRule = DECLARED_ONLY,
  maxValues = MAX_VALUES,
  partOf: (whole: { readonly height: number; readonly width: number }) => Part | undefined = () => undefined
): Image => {
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
  const remedy = `${IMAGE_BOUND.remedy}, read fewer bands, or raise \`max_values\``
  checkValues([height, width, chosen.length], subject, { ...IMAGE_BOUND, most: maxValues, remedy })
  const part = partOf({ height, width }) ?? wholeOf(height, width)
  const image = new Float32Array(part.height * part.width * chosen.length)
  const channels = chosen.map((band) => channelOf(band, [height, width], part, rule, subject))
  // Row by row through all bands: a row of the image stays in the processor's cache.
  for (let row = 0; row < part.height; row++) {
    const at = row * part.width * channels.length
    for (let channel = 0; channel < channels.length; channel++) {
      channels[channel].write(part.top + row, image, at + channel, channels.length)
    }
  }
  return { image, height: part.height, width: part.width, nodata: interleaved(channels, part, width) }
}
