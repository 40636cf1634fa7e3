/** Blur, brightness, contrast and gamma of images [height, width, channels] whose values are scaled to [0, 1]. */
import type { Random } from "../../../../pipeline/random.ts"
import type { Shaped } from "./geometry.ts"

/** Probability that each operation is applied once it is chosen. */
export interface PixelChances {
  readonly blur: number
  readonly brightness: number
  readonly contrast: number
  readonly gamma: number
}

/** Indices of a position and its two neighbours, mirrored at the border without repeating the edge. */
const neighbours = (i: number, size: number): readonly [number, number, number] => [
  i > 0 ? i - 1 : Math.min(1, size - 1),
  i,
  i < size - 1 ? i + 1 : Math.max(0, size - 2)
]

/** Mean of 3 in one direction: along it `size` values, `stride` apart. */
const smoothed = (values: Float64Array, size: number, stride: number): Float64Array => {
  const out = new Float64Array(values.length)
  for (let block = 0; block < values.length; block += size * stride) {
    for (let i = 0; i < size; i++) {
      const [before, own, after] = neighbours(i, size).map((one) => block + one * stride)
      for (let k = 0; k < stride; k++) {
        out[own + k] = (values[before + k] + values[own + k] + values[after + k]) / 3
      }
    }
  }
  return out
}

/**
 * Box filter of 3 x 3, borders mirrored without repeating the edge.
 *
 * @param acrossBands whether it runs over bands and rows instead of rows and columns: the original passes channel-first
 *   arrays to a library that expects channel-last ones
 */
export const blurred = (values: Float64Array, { height, width }: Shaped, acrossBands = false): Float64Array => {
  const channels = values.length / (height * width)
  const rows = smoothed(values, height, width * channels)
  return acrossBands ? smoothed(rows, channels, 1) : smoothed(rows, width, channels)
}

/** Largest change of brightness and contrast, and the smallest exponent of gamma. */
const [CHANGE, LEAST_GAMMA] = [0.1, 0.9]

/** Clips to [0, 1]; NaN stays, so that training can stop at it. */
const clipped = (values: Float64Array): Float64Array => {
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0) values[i] = 0
    else if (values[i] > 1) values[i] = 1
  }
  return values
}

export type PixelOperation = (values: Float64Array, shaped: Shaped, draw: Random) => Float64Array

/** The operations; each may change its input. */
const operations = (acrossBands: boolean): Readonly<Record<keyof PixelChances, PixelOperation>> => ({
  blur: (values, shaped) => blurred(values, shaped, acrossBands),
  brightness: (values, _, draw) => {
    const more = draw.between(-CHANGE, CHANGE)
    for (let i = 0; i < values.length; i++) values[i] += more
    return values
  },
  contrast: (values, _, draw) => {
    const times = 1 + draw.between(-CHANGE, CHANGE)
    for (let i = 0; i < values.length; i++) values[i] *= times
    return values
  },
  gamma: (values, _, draw) => {
    const exponent = draw.between(LEAST_GAMMA, 1)
    for (let i = 0; i < values.length; i++) values[i] = Math.max(0, values[i]) ** exponent
    return values
  }
})

export interface PixelOptions {
  readonly chances: PixelChances
  /** Whether applying all of them in order is a further choice. */
  readonly compose: boolean
  /** The value that becomes 1. */
  readonly white: number
  readonly acrossBands: boolean
}

/** Draws the operations to apply, in order: with probability 1/2 one of four choices, or of five if `compose` is set. */
const chosen = (draw: Random, { chances, compose }: PixelOptions): ReadonlyArray<keyof PixelChances> => {
  const names = Object.keys(chances) as ReadonlyArray<keyof PixelChances>
  if (draw.next() >= 0.5) return []
  const which = draw.int(names.length + (compose ? 1 : 0))
  return (which < names.length ? [names[which]] : names).filter((name) => draw.next() < chances[name])
}

/**
 * Applies, with probability 1/2, one of these: blur; brightness, plus up to +-0.1; contrast, times up to 1 +- 0.1; gamma, an
 * exponent of 0.9 to 1; and, if `compose` is set, all of them in order. Each also has a probability of its own. Results are
 * clipped to [0, 1].
 */
export const pixelsChanged = (shaped: Shaped, draw: Random, options: PixelOptions): Shaped => {
  const names = chosen(draw, options)
  if (names.length === 0) return shaped
  const all = operations(options.acrossBands)
  let values: Float64Array = new Float64Array(shaped.image.length)
  for (let i = 0; i < values.length; i++) values[i] = shaped.image[i] / options.white
  for (const name of names) values = clipped(all[name](values, shaped, draw))
  const image = new Float32Array(values.length)
  for (let i = 0; i < values.length; i++) image[i] = values[i] * options.white
  return { ...shaped, image }
}
