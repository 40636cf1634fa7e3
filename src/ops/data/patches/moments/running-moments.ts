/**
 * Mean and deviation of values that arrive in parts, in one pass. Sums of squares lose all digits if the mean is much larger
 * than the deviation; here each part has its own mean and squared distances, which are then merged (Chan, Golub and
 * LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979, equation 2.1).
 */

/** Moments of `count` values. */
export interface Running {
  readonly count: number
  readonly mean: number
  /** Sum of squared distances from the mean. */
  readonly squares: number
  readonly min: number
  readonly max: number
}

export const NOTHING: Running = {
  count: 0,
  mean: 0,
  squares: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY
}

/** The values of one channel that count. */
const countedValues = (image: Float32Array, nodata: Uint8Array, channels: number, channel: number): Float32Array => {
  const values = new Float32Array(image.length / channels)
  let count = 0
  for (let i = channel; i < image.length; i += channels) if (nodata[i] === 0) values[count++] = image[i]
  return values.subarray(0, count)
}

/**
 * Moments of one channel of an image.
 *
 * @param image float32 [..., channels]
 * @param nodata uint8 [..., channels]: 1 for values that do not count
 * @returns `mean` is not finite if a value is not
 */
export const channelMoments = (
  image: Float32Array,
  channels: number,
  channel: number,
  nodata?: Uint8Array | undefined
): Running => {
  if (nodata !== undefined) return channelMoments(countedValues(image, nodata, channels, channel), 1, 0)
  if (image.length === 0) return NOTHING
  const count = image.length / channels
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = channel; i < image.length; i += channels) {
    const value = image[i]
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  }
  const mean = sum / count
  let squares = 0
  for (let i = channel; i < image.length; i += channels) squares += (image[i] - mean) ** 2
  return { count, mean, squares, min, max }
}

/** Merges the moments of two sets of values. The order of merging changes only the rounding. */
export const merged = (a: Running, b: Running): Running => {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const count = a.count + b.count
  const apart = b.mean - a.mean
  return {
    count,
    mean: a.mean + (apart * b.count) / count,
    squares: a.squares + b.squares + (apart * apart * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max)
  }
}

/** Standard deviation of the values, divided by their number as in numpy's `std`. */
export const deviation = ({ count, squares }: Running): number => Math.sqrt(squares / count)
