/** The pixels of one miniature patch: its classes' mosaic, seen through weather, season and a sensor. */
import { type Random, random } from "../../../../pipeline/random.ts"
import type { Band } from "../../../elements.ts"
import { KNOBS } from "../../miniature/knobs.ts"
import { drawMosaic } from "../../miniature/mosaic.ts"
import { S2_BANDS } from "../../patches/bands.ts"
import type { Land } from "./land.ts"

/** Pixels of the finest bands. */
const SIZE = 120
/** A white surface. */
const MAX_VALUE = 10_000

/** Share of the haze in each band: scattering decreases with wavelength. */
const HAZE: Readonly<Record<string, number>> = { B01: 1, B02: 0.85, B03: 0.65, B04: 0.5, B05: 0.4 }
/** Effect of a greener season: more near infrared, less red and short-wave infrared. */
const SEASON: Readonly<Record<string, number>> = {
  B04: -0.8,
  B05: -0.4,
  B06: 0.6,
  B07: 0.9,
  B08: 1,
  B8A: 1,
  B09: 0.9,
  B11: -0.5,
  B12: -0.9
}

/** Effects of light, haze and season on the values of a surface: a factor and an offset per band. */
interface View {
  readonly gain: Float64Array
  readonly offset: Float64Array
}

/** The mean of a log-normal factor is above 1 by half its variance, in the logarithm. */
const LOG_MEAN = (KNOBS.illumination ** 2 + KNOBS.bandGain ** 2) / 2

const drawView = (draw: Random, season: number): View => {
  const light = draw.normal() * KNOBS.illumination
  const haze = draw.next() ** 2 * KNOBS.haze
  const green = season + draw.normal() * KNOBS.season
  return {
    gain: Float64Array.from(S2_BANDS, ({ name }) =>
      Math.exp(light + (SEASON[name] ?? 0) * green + draw.normal() * KNOBS.bandGain - LOG_MEAN)
    ),
    offset: Float64Array.from(S2_BANDS, ({ name }) => (HAZE[name] ?? 0) * haze)
  }
}

/** The grating of each pixel's class, times its contrast: float64 [SIZE, SIZE]. */
const drawTexture = (draw: Random, mosaic: Uint8Array, covers: Land["covers"]): Float64Array => {
  const phases = Float64Array.from(covers, () => draw.next())
  const down = Float64Array.from(covers, ({ frequency }) => frequency[0])
  const right = Float64Array.from(covers, ({ frequency }) => frequency[1])
  const contrast = Float64Array.from(covers, (cover) => cover.contrast)
  const texture = new Float64Array(SIZE * SIZE)
  for (let y = 0, i = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++, i++) {
      const cover = mosaic[i]
      const waves = down[cover] * y + right[cover] * x + phases[cover]
      texture[i] = contrast[cover] * Math.sin(2 * Math.PI * waves)
    }
  }
  return texture
}

/** Reflectance of one band at its native size: the mean over the fine pixels that a coarse one covers. */
const surface = (
  band: number,
  size: number,
  mosaic: Uint8Array,
  texture: Float64Array,
  covers: Land["covers"]
): Float64Array => {
  const factor = SIZE / size
  const base = Float64Array.from(covers, ({ signature }) => signature[band] / (factor * factor))
  const ripple = Float64Array.from(covers, ({ phase }, c) => base[c] * phase[band])
  const values = new Float64Array(size * size)
  let fine = 0
  for (let y = 0; y < SIZE; y++) {
    const row = Math.floor(y / factor) * size
    for (let coarse = row; coarse < row + size; coarse++) {
      let sum = 0
      for (const end = fine + factor; fine < end; fine++)
        sum += base[mosaic[fine]] + ripple[mosaic[fine]] * texture[fine]
      values[coarse] += sum
    }
  }
  return values
}

const UNIT_VARIANCE = Math.sqrt(12)

/** Values as a sensor gives them; the noise is uniform, which no one sees and costs a tenth of a normal one. */
const sense = (reflectance: Float64Array, gain: number, offset: number, draw: Random): Uint16Array => {
  const values = new Uint16Array(reflectance.length)
  for (let i = 0; i < values.length; i++) {
    const value = gain * reflectance[i] + offset
    const sigma = KNOBS.noise.share * value + KNOBS.noise.floor
    values[i] = Math.min(MAX_VALUE, Math.max(1, Math.round(value + sigma * UNIT_VARIANCE * (draw.next() - 0.5))))
  }
  return values
}

/**
 * All 12 bands of a patch, uint16 at their native sizes.
 *
 * @param classes indices under 19 classes, at most 4
 * @param season of the day it was taken, 0 on average
 */
export const drawPatch = (
  land: Land,
  seed: number,
  index: number,
  classes: ReadonlyArray<number>,
  season: number
): ReadonlyArray<Band> => {
  const draw = random(seed, 0, index, "patch")
  const covers = classes.map((c) => land.covers[c])
  const mosaic = drawMosaic(draw, SIZE, classes.length)
  const texture = drawTexture(draw, mosaic, covers)
  const { gain, offset } = drawView(draw, season)
  return S2_BANDS.map(({ name, size }, b) => ({
    name,
    dtype: "uint16",
    height: size,
    width: size,
    data: sense(surface(b, size, mosaic, texture, covers), gain[b], offset[b], draw)
  }))
}
