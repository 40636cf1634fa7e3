import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cropDrawn, resizedCrop } from "../../../../../src/ops/data/patches/pixels/resized-crop.ts"
import { random } from "../../../../../src/pipeline/random.ts"

const sizes = fc.record({
  height: fc.integer({ min: 1, max: 40 }),
  width: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat()
})

describe("a resized crop", () => {
  it("lies within the image, with the area and aspect that were asked for", () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom(0.1, 0.5, 1), fc.constantFrom(0.5, 1), (size, least, aspect) => {
        const at = cropDrawn(size, random(size.seed, 0, 0, "augment crop"), { p: 1, least, aspect })
        if (at === undefined) return
        expect(at.top + at.rows).toBeLessThanOrEqual(size.height)
        expect(at.left + at.columns).toBeLessThanOrEqual(size.width)
        // Each side is rounded to whole pixels.
        const [tall, wide] = [at.rows + 0.5, at.columns + 0.5]
        expect(tall * wide).toBeGreaterThanOrEqual(least * size.height * size.width - 1e-9)
        expect(wide / (at.rows - 0.5)).toBeGreaterThanOrEqual(aspect - 1e-9)
        expect(tall / (at.columns - 0.5)).toBeGreaterThanOrEqual(aspect - 1e-9)
      })
    )
  })

  it("is drawn with its probability", () => {
    const drawn = (p: number) =>
      Array.from({ length: 500 }, (_, i) =>
        cropDrawn({ height: 30, width: 30 }, random(2, 0, i, "augment crop"), { p })
      )
    expect(drawn(0).every((at) => at === undefined)).toBe(true)
    expect(drawn(1).filter((at) => at === undefined).length).toBeLessThan(10)
    expect(Math.abs(drawn(0.4).filter((at) => at !== undefined).length / 500 - 0.4)).toBeLessThan(0.08)
  })

  it("keeps size, constants and straight slopes, and fills the image from the rectangle alone", () => {
    fc.assert(
      fc.property(sizes, ({ height, seed, width }) => {
        const at = cropDrawn({ height, width }, random(seed, 0, 0, "augment crop"), { p: 1, least: 0.1 })
        if (at === undefined) return
        // One channel is constant, the other counts columns.
        const image = Float32Array.from({ length: 2 * height * width }, (_, i) => (i % 2 === 0 ? 7 : (i >> 1) % width))
        const nodata = new Uint8Array(image.length).fill(1)
        const got = resizedCrop({ height, width, image, nodata }, at)
        expect([got.height, got.width, got.image.length]).toEqual([height, width, image.length])
        expect(got.nodata).toEqual(nodata)
        got.image.forEach((value, i) => {
          if (i % 2 === 0) expect(value).toBe(7)
          else {
            expect(value).toBeGreaterThanOrEqual(at.left - 1e-4)
            expect(value).toBeLessThanOrEqual(at.left + at.columns - 1 + 1e-4)
          }
        })
      })
    )
    const image = Float32Array.from({ length: 12 }, (_, i) => i)
    const whole = { top: 0, left: 0, rows: 3, columns: 4 }
    expect(resizedCrop({ height: 3, width: 4, image }, whole).image).toEqual(image)
  })
})
