/** Bilinear resampling as the original does it (scikit-image's `resize`, order 1, mode "reflect" in numpy's sense). */

/** Where output positions fall: two source indices and the weight of the second. */
interface Taps {
  readonly low: Int32Array
  readonly high: Int32Array
  readonly weight: Float32Array
}

/** Mirrors an index into 0..n-1 without repeating the edge: -1 is 1, n is n-2. */
const mirrored = (i: number, n: number): number => {
  if (n === 1) return 0
  const period = 2 * (n - 1)
  const at = ((i % period) + period) % period
  return at < n ? at : period - at
}

/** Half-pixel centres: source = (o + 0.5) * from / to - 0.5. */
const madeTaps = (from: number, to: number): Taps => {
  const low = new Int32Array(to)
  const high = new Int32Array(to)
  const weight = new Float32Array(to)
  for (let o = 0; o < to; o++) {
    const source = ((o + 0.5) * from) / to - 0.5
    const floor = Math.floor(source)
    low[o] = mirrored(floor, from)
    high[o] = mirrored(floor + 1, from)
    weight[o] = source - floor
  }
  return { low, high, weight }
}

/** Taps of the latest pairs of sizes: all patches of an archive have the same few. */
const known = new Map<string, Taps>()
const MOST_KNOWN = 64

const tapsOf = (from: number, to: number): Taps => {
  const key = `${from} ${to}`
  const kept = known.get(key)
  if (kept !== undefined) return kept
  const taps = madeTaps(from, to)
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(key, taps)
  return taps
}

/** A part of an image. */
export interface Part {
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
}

export const wholeOf = (height: number, width: number): Part => ({ top: 0, left: 0, height, width })

/** Writes the part's columns of output row `row` to `image[at]`, `image[at + step]`, and so on. */
export type RowWriter = (row: number, image: Float32Array, at: number, step: number) => void

/**
 * Prepares a band for being read out in rows of another size, so that several bands can be interleaved row by row.
 *
 * Half-pixel centres, bilinear, borders mirrored without repeating the edge. Making smaller does not average: it samples.
 *
 * @param band row-major [height, width]
 * @param part of the output that will be written; by default all of it
 */
export const resampledRows = (
  band: ArrayLike<number>,
  height: number,
  width: number,
  toHeight: number,
  toWidth: number,
  part = wholeOf(toHeight, toWidth)
): RowWriter => {
  const x = tapsOf(width, toWidth)
  const y = tapsOf(height, toHeight)
  const count = part.width
  const end = part.left + count
  let [first, last] = [height - 1, 0]
  for (let row = part.top; row < part.top + part.height; row++) {
    first = Math.min(first, y.low[row], y.high[row])
    last = Math.max(last, y.low[row], y.high[row])
  }
  // Columns first: each source row is read once.
  const wide = new Float32Array((last - first + 1) * count)
  const { low: left, high: right, weight: share } = x
  for (let row = first, to = 0; row <= last; row++) {
    const from = row * width
    for (let o = part.left; o < end; o++, to++) {
      const a = band[from + left[o]]
      wide[to] = a + (band[from + right[o]] - a) * share[o]
    }
  }
  return (row, image, at, step) => {
    const low = (y.low[row] - first) * count
    const high = (y.high[row] - first) * count
    const weight = y.weight[row]
    for (let column = 0, to = at; column < count; column++, to += step) {
      const a = wide[low + column]
      image[to] = a + (wide[high + column] - a) * weight
    }
  }
}

/** For each output position the source index that weighs most. */
const nearest = ({ high, low, weight }: Taps): Int32Array => low.map((one, o) => (weight[o] > 0.5 ? high[o] : one))

/**
 * As `resampledRows`, for a band with pixels that do not count: an output pixel is the weighted mean of the pixels that do,
 * and counts itself if the nearest pixel of the band does. One that does not count takes the nearest pixel's value.
 *
 * @param band row-major [height, width]
 * @param valid uint8 [height, width]: 1 where a pixel counts
 * @param part of the output that will be written; by default all of it
 * @returns the same writer, and `valid` in the new size
 */
export const resampledValidRows = (
  band: ArrayLike<number>,
  valid: Uint8Array,
  height: number,
  width: number,
  toHeight: number,
  toWidth: number,
  part = wholeOf(toHeight, toWidth)
): { readonly write: RowWriter; readonly valid: Uint8Array } => {
  const x = nearest(tapsOf(width, toWidth))
  const y = nearest(tapsOf(height, toHeight))
  const counted = Float64Array.from(valid, (own, i) => (own === 1 ? band[i] : 0))
  const values = bilinear(counted, height, width, toHeight, toWidth)
  const shares = bilinear(valid, height, width, toHeight, toWidth)
  const toValid = new Uint8Array(toHeight * toWidth)
  for (let row = 0, to = 0; row < toHeight; row++) {
    for (let column = 0; column < toWidth; column++, to++) {
      const at = y[row] * width + x[column]
      toValid[to] = valid[at]
      values[to] = valid[at] === 1 ? values[to] / shares[to] : band[at]
    }
  }
  const write: RowWriter = (row, image, at, step) => {
    const from = row * toWidth
    for (let i = from + part.left, to = at; i < from + part.left + part.width; i++, to += step) image[to] = values[i]
  }
  return { write, valid: toValid }
}

/**
 * One band resampled, float32 row-major [toHeight, toWidth]; see `resampledRows`.
 *
 * @param band row-major [height, width]
 */
export const bilinear = (
  band: ArrayLike<number>,
  height: number,
  width: number,
  toHeight: number,
  toWidth: number
): Float32Array => {
  const image = new Float32Array(toHeight * toWidth)
  const write = resampledRows(band, height, width, toHeight, toWidth)
  for (let row = 0; row < toHeight; row++) write(row, image, row * toWidth, 1)
  return image
}
