/**
 * Resampling by area: each output pixel is the mean of the input under it. Pixels that its border cuts count by the part
 * that lies inside. Exact for any two sizes, larger or smaller.
 */
import type { Shaped } from "./geometry.ts"

/** For each output position: the first input position under it, and the weights from that position on. */
interface Cover {
  readonly first: Int32Array
  /** Where the weights of an output position begin; one more than there are positions. */
  readonly at: Int32Array
  readonly weights: Float32Array
}

const coverOf = (from: number, to: number): Cover => {
  const scale = from / to
  const first = new Int32Array(to)
  const at = new Int32Array(to + 1)
  const weights: Array<number> = []
  for (let o = 0; o < to; o++) {
    // Borders as fractions of whole numbers: no sliver of a neighbour through rounding.
    const begin = (o * from) / to
    const end = ((o + 1) * from) / to
    first[o] = Math.floor(begin)
    for (let i = first[o]; i < end; i++) weights.push((Math.min(i + 1, end) - Math.max(i, begin)) / scale)
    at[o + 1] = weights.length
  }
  return { first, at, weights: Float32Array.from(weights) }
}

/** Combines rows of `length` values each into another number of rows. */
const combineRows = (image: Float32Array, length: number, { at, first, weights }: Cover): Float32Array => {
  const rows = first.length
  const out = new Float32Array(rows * length)
  for (let row = 0; row < rows; row++) {
    const to = row * length
    for (let k = at[row]; k < at[row + 1]; k++) {
      const weight = weights[k]
      const from = (first[row] + k - at[row]) * length
      for (let i = 0; i < length; i++) out[to + i] += weight * image[from + i]
    }
  }
  return out
}

/** Combines the pixels of each row into another number of pixels. */
const combineColumns = (
  image: Float32Array,
  rows: number,
  width: number,
  channels: number,
  { at, first, weights }: Cover
): Float32Array => {
  const columns = first.length
  const out = new Float32Array(rows * columns * channels)
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, to += channels) {
      let from = (row * width + first[column]) * channels
      for (let k = at[column]; k < at[column + 1]; k++) {
        for (let c = 0; c < channels; c++) out[to + c] += weights[k] * image[from++]
      }
    }
  }
  return out
}

/** As `areaResized`, over the values with data; an output without any takes the mean of the filled values below it. */
const countedMeans = (
  { height, image, width }: Shaped,
  nodata: Uint8Array,
  toHeight: number,
  toWidth: number
): Shaped => {
  const counts = Float32Array.from(nodata, (filled) => 1 - filled)
  const resized = (values: Float32Array) => areaResized(values, height, width, toHeight, toWidth)
  const shares = resized(counts)
  const sums = resized(image.map((value, i) => value * counts[i]))
  const all = resized(image)
  const filled = new Uint8Array(shares.length)
  const means = sums.map((sum, i) => {
    if (shares[i] > 0) return sum / shares[i]
    filled[i] = 1
    return all[i]
  })
  return { image: means, height: toHeight, width: toWidth, nodata: filled }
}

/**
 * Resizes an image by area. Values that were filled in for want of data do not count in the means.
 *
 * @returns `shaped` itself if its size is the wanted one
 */
export const shapedByArea = (shaped: Shaped, toHeight: number, toWidth: number): Shaped => {
  const { height, image, nodata, width } = shaped
  if (height === toHeight && width === toWidth) return shaped
  if (nodata !== undefined) return countedMeans(shaped, nodata, toHeight, toWidth)
  return { image: areaResized(image, height, width, toHeight, toWidth), height: toHeight, width: toWidth }
}

/**
 * Resizes an image; every output pixel is the mean of the area that it covers.
 *
 * @param image float32 [height, width, channels]; not changed
 * @returns float32 [toHeight, toWidth, channels]; `image` itself if its size is the wanted one
 */
export const areaResized = (
  image: Float32Array,
  height: number,
  width: number,
  toHeight: number,
  toWidth: number
): Float32Array => {
  if (height === toHeight && width === toWidth) return image
  const channels = image.length / (height * width)
  const tall = height === toHeight ? image : combineRows(image, width * channels, coverOf(height, toHeight))
  return width === toWidth ? tall : combineColumns(tall, toHeight, width, channels, coverOf(width, toWidth))
}
