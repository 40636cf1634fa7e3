import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { coloursJittered } from "../../../../../src/ops/data/patches/pixels/colour-jitter.ts"
import { type Random, random } from "../../../../../src/pipeline/random.ts"

const NONE = { p: 1, brightness: 0, contrast: 0, saturation: 0, hue: 0 }
const images = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 12, maxLength: 12 })
  .map((values) => ({ height: 2, width: 2, image: Float32Array.from(values) }))
const drawOf = (seed: number) => random(seed, 0, 0, "augment colours")
/** Draws that are always the largest. */
const highest: Random = {
  ...drawOf(0),
  next: () => 0,
  between: (_, high) => high,
  permutation: (n) => Int32Array.from({ length: n }, (_, i) => i)
}
const changed = (image: ReadonlyArray<number>, jitter: object) =>
  [
    ...coloursJittered(
      { height: 1, width: image.length / 3, image: Float32Array.from(image) },
      highest,
      { ...NONE, ...jitter },
      100
    ).image
  ].map((value) => Number(value.toFixed(3)))

describe("colour jitter", () => {
  it("changes nothing without strength or without its probability", () => {
    fc.assert(
      fc.property(images, fc.nat(), (shaped, seed) => {
        const still = coloursJittered(shaped, drawOf(seed), NONE, 255)
        still.image.forEach((value, i) => {
          expect(value).toBeCloseTo(shaped.image[i], 3)
        })
        expect(coloursJittered(shaped, drawOf(seed), { p: 0 }, 255)).toBe(shaped)
      })
    )
  })

  it("stays within black and white, and leaves grey images grey", () => {
    fc.assert(
      fc.property(images, fc.nat(), (shaped, seed) => {
        const strong = { p: 1, brightness: 2, contrast: 2, saturation: 2, hue: 0.5 }
        const { image } = coloursJittered(shaped, drawOf(seed), strong, 255)
        for (const value of image) expect(value >= 0 && value <= 255).toBe(true)
        const grey = { ...shaped, image: shaped.image.map((_, i) => shaped.image[3 * Math.floor(i / 3)]) }
        const got = coloursJittered(grey, drawOf(seed), strong, 255).image
        got.forEach((value, i) => {
          expect(value).toBeCloseTo(got[3 * Math.floor(i / 3)], 3)
        })
      })
    )
  })

  it("has the values of a calculation by hand", () => {
    expect(changed([10, 20, 80], { brightness: 0.5 })).toEqual([15, 30, 100])
    // Grey of the two pixels: 29.9 and 58.7; their mean is 44.3.
    expect(changed([100, 0, 0, 0, 100, 0], { contrast: 1 })).toEqual([100, 0, 0, 0, 100, 0])
    expect(changed([50, 50, 50, 60, 60, 60], { contrast: 1 })).toEqual([45, 45, 45, 65, 65, 65])
    // Grey is 0.299 * 40 + 0.587 * 50 + 0.114 * 60 = 48.15.
    expect(changed([40, 50, 60], { saturation: 0.5 })).toEqual([35.925, 50.925, 65.925])
    // Half a circle turns red into cyan, and orange into azure.
    expect(changed([100, 0, 0], { hue: 0.5 })).toEqual([0, 100, 100])
    expect(changed([80, 40, 20], { hue: 0.5 })).toEqual([20, 60, 80])
  })

  it("keeps NaN, so that training can stop at it", () => {
    expect(changed([Number.NaN, 10, 20], { hue: 0.2, brightness: 0.1 }).some(Number.isNaN)).toBe(true)
  })
})
