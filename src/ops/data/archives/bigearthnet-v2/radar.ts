/** Sentinel-1 bands and reference map of a miniature patch, from the same mosaic of classes as its other bands. */
import { random } from "../../../../pipeline/random.ts"
import { drawMosaic } from "../../miniature/mosaic.ts"

/** Pixels of 10 m. */
export const RADAR_SIZE = 120

/** Index of the class under each pixel of a patch, uint8 [120, 120], as in `drawPatch`. */
export const mosaicOf = (seed: number, index: number, classes: number): Uint8Array =>
  drawMosaic(random(seed, 0, index, "patch"), RADAR_SIZE, classes)

/** Means of BigEarthNet v2's decibels. */
const MEANS = { VV: -12.64, VH: -19.35 }
const SPREAD = 4
/** Speckle, uniform. */
const NOISE = 6

/** Decibels of one polarisation, float32 [120, 120]: a level per class, and speckle. */
export const drawRadar = (
  seed: number,
  index: number,
  classes: ReadonlyArray<number>,
  polarisation: keyof typeof MEANS
): Float32Array => {
  const levels = classes.map((one) => MEANS[polarisation] + SPREAD * random(seed, 0, one, polarisation).normal())
  const draw = random(seed, 0, index, polarisation)
  return Float32Array.from(mosaicOf(seed, index, classes.length), (one) => levels[one] + NOISE * (draw.next() - 0.5))
}
