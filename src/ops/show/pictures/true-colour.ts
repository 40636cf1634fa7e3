/** From bands to pictures that people can look at. */
import type { Band } from "../../elements.ts"
import { ShowError } from "../show-error.ts"
import type { Raster } from "./raster.ts"

/** Red, green and blue of one patch, each at its native size. */
export type Rgb = readonly [red: Band, green: Band, blue: Band]

/** @throws ShowError where the patch lacks one of the bands */
export const pickRgb = (patch: string, bands: ReadonlyArray<Band>, names: ReadonlyArray<string>): Rgb => {
  const pick = (name: string): Band => {
    const band = bands.find((one) => one.name === name)
    if (band !== undefined) return band
    throw new ShowError({
      subject: patch,
      problem: `has no band ${name} to draw, but ${bands.map((one) => one.name).join(", ")}`,
      remedy: "Name three bands of the store in `bands` of `strips`"
    })
  }
  return [pick(names[0]), pick(names[1]), pick(names[2])]
}

/** What becomes black and white in one channel. */
export interface Stretch {
  readonly low: number
  readonly high: number
}

/** Share of the pixels that are cut off at each end. */
const CUT = 0.02

/**
 * The 2nd and 98th percentile of a channel over several patches, so that pictures beside each other can be compared.
 * Values that are not finite do not count. Pictures of 8 bits are left as they are.
 */
export const stretchOf = (bands: ReadonlyArray<Band>): Stretch => {
  // Pictures are black and white where they say so.
  if (bands.length > 0 && bands.every(({ dtype }) => dtype === "uint8")) return { low: 0, high: 255 }
  const all = new Float64Array(bands.reduce((sum, { data }) => sum + data.length, 0))
  let n = 0
  for (const { data } of bands) for (const value of data) if (Number.isFinite(value)) all[n++] = value
  if (n === 0) return { low: 0, high: 1 }
  const sorted = all.subarray(0, n).sort()
  const low = sorted[Math.floor(CUT * (n - 1))]
  return { low, high: Math.max(sorted[Math.ceil((1 - CUT) * (n - 1))], low + Number.EPSILON * Math.abs(low)) }
}

const level = (value: number, { high, low }: Stretch): number => {
  const share = high > low ? (value - low) / (high - low) : 0
  return share > 0 ? Math.min(255, Math.round(255 * share)) : 0
}

/** A patch as a square of `size` pixels, by nearest neighbours. */
export const trueColour = (rgb: Rgb, stretches: ReadonlyArray<Stretch>, size: number): Raster => {
  const data = new Uint8Array(size * size * 3)
  rgb.forEach(({ data: pixels, height, width }, channel) => {
    for (let y = 0; y < size; y++) {
      const row = Math.floor(((y + 0.5) * height) / size) * width
      for (let x = 0; x < size; x++) {
        const value = pixels[row + Math.floor(((x + 0.5) * width) / size)]
        data[(y * size + x) * 3 + channel] = level(value, stretches[channel])
      }
    }
  })
  return { width: size, height: size, data }
}
