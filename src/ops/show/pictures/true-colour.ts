/** Pictures from bands, for people to look at. */
import { markOf, type NodataValue } from "../../data/patches/reading/nodata.ts"
import type { Band } from "../../elements.ts"
import { ShowError } from "../show-error.ts"
import type { Raster } from "./raster.ts"

/** Red, green and blue of one patch, each at its native size. `nodata` of a band is the value of its pixels without data. */
export type Rgb = readonly [red: Band, green: Band, blue: Band]

/**
 * The three bands to show.
 *
 * @param nodata the value of pixels without data in bands that do not declare one
 * @throws ShowError if the patch lacks one of the bands
 */
export const pickRgb = (
  patch: string,
  bands: ReadonlyArray<Band>,
  names: ReadonlyArray<string>,
  nodata?: NodataValue
): Rgb => {
  const pick = (name: string): Band => {
    const band = bands.find((one) => one.name === name)
    if (band !== undefined) return { ...band, nodata: markOf(band, nodata) }
    throw new ShowError({
      subject: patch,
      problem: `has no band ${name} to draw; its bands are ${bands.map((one) => one.name).join(", ")}`,
      remedy: "Name three bands of the store in `bands` of `strips`"
    })
  }
  return [pick(names[0]), pick(names[1]), pick(names[2])]
}

/** Whether a value is no data: NaN, infinite, or the value that marks pixels without data. */
const isMissing = (value: number, mark: number | undefined): boolean => !Number.isFinite(value) || value === mark

/** Whether some pixels have no data in one of the channels. */
export const lacksData = (rgb: Rgb): boolean =>
  rgb.some(({ data, nodata }) => Array.prototype.some.call(data, (value: number) => isMissing(value, nodata)))

/** The values that become black and white in one channel. */
export interface Stretch {
  readonly low: number
  readonly high: number
}

/** Fraction of the pixels that are clipped at each end. */
const CUT = 0.02

/** Types of whole numbers of at most 16 bits. */
const WHOLE: ReadonlySet<string> = new Set(["uint8", "int8", "uint16", "int16"])
/** The smallest of these numbers, and the number of all. */
const [SMALLEST, ALL] = [-32_768, 98_304]

/** A function from a rank to the value of that rank, and the number of values: those with data of all bands, in ascending order. */
interface Ranked {
  readonly count: number
  readonly at: (rank: number) => number
}

/** By counting each value, which is twenty times faster than sorting. */
const counted = (bands: ReadonlyArray<Band>): Ranked => {
  const counts = new Uint32Array(ALL)
  let count = 0
  for (const { data, nodata } of bands) {
    for (let i = 0; i < data.length; i++) {
      const value = data[i] as number
      if (value === nodata) continue
      counts[value - SMALLEST]++
      count++
    }
  }
  const at = (rank: number) => {
    let place = 0
    for (let below = counts[0]; below <= rank; below += counts[place]) place++
    return place + SMALLEST
  }
  return { count, at }
}

const sorted = (bands: ReadonlyArray<Band>): Ranked => {
  const all = new Float64Array(bands.reduce((sum, { data }) => sum + data.length, 0))
  let count = 0
  for (const { data, nodata } of bands) for (const value of data) if (!isMissing(value, nodata)) all[count++] = value
  const values = all.subarray(0, count).sort()
  return { count, at: (rank) => values[rank] }
}

/**
 * The 2nd and 98th percentile of a channel over several patches, so that neighbouring pictures can be compared. Pixels without
 * data are ignored. Pictures of 8 bits are shown unchanged.
 */
export const stretchOf = (bands: ReadonlyArray<Band>): Stretch => {
  // The black and white of 8-bit pictures are fixed.
  if (bands.length > 0 && bands.every(({ dtype }) => dtype === "uint8")) return { low: 0, high: 255 }
  const { at, count } = bands.every(({ dtype }) => WHOLE.has(dtype)) ? counted(bands) : sorted(bands)
  if (count === 0) return { low: 0, high: 1 }
  const low = at(Math.floor(CUT * (count - 1)))
  return { low, high: Math.max(at(Math.ceil((1 - CUT) * (count - 1))), low + Number.EPSILON * Math.abs(low)) }
}

const level = (value: number, { high, low }: Stretch): number => {
  const share = high > low ? (value - low) / (high - low) : 0
  return share > 0 ? Math.min(255, Math.round(255 * share)) : 0
}

/** Greys of the hatching that stands for pixels without data, and the width of its lines in pixels. */
const HATCH = { dark: 140, light: 200, width: 4 } as const

const hatched = (x: number, y: number): number =>
  Math.floor((x + y) / HATCH.width) % 2 === 0 ? HATCH.dark : HATCH.light

/**
 * A patch as a square of `size` pixels, by nearest neighbours. Pixels without data in one of the channels are hatched in grey,
 * because any colour could be taken for data.
 */
export const trueColour = (rgb: Rgb, stretches: ReadonlyArray<Stretch>, size: number): Raster => {
  const missing = new Uint8Array(size * size)
  const data = new Uint8Array(size * size * 3)
  rgb.forEach(({ data: pixels, height, nodata, width }, channel) => {
    for (let y = 0; y < size; y++) {
      const row = Math.floor(((y + 0.5) * height) / size) * width
      for (let x = 0; x < size; x++) {
        const value = pixels[row + Math.floor(((x + 0.5) * width) / size)]
        data[(y * size + x) * 3 + channel] = level(value, stretches[channel])
        if (isMissing(value, nodata)) missing[y * size + x] = 1
      }
    }
  })
  missing.forEach((one, i) => {
    if (one === 1) data.fill(hatched(i % size, Math.floor(i / size)), 3 * i, 3 * i + 3)
  })
  return { width: size, height: size, data }
}
