import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { areaResized } from "../../../../src/ops/data/patches/pixels/area.ts"
import { resize } from "../../../../src/ops/data/patches/resize.ts"
import { effect } from "../../../effect.ts"
import { counting, runIn } from "../streams.ts"

/** Cuts every pixel of both images into the pieces that fit into both, and adds them up. */
const naive = (image: Float32Array, height: number, width: number, toHeight: number, toWidth: number) => {
  const channels = image.length / (height * width)
  const out = new Float64Array(toHeight * toWidth * channels)
  for (let y = 0; y < height * toHeight; y++) {
    for (let x = 0; x < width * toWidth; x++) {
      const from = Math.floor(y / toHeight) * width + Math.floor(x / toWidth)
      const to = Math.floor(y / height) * toWidth + Math.floor(x / width)
      for (let c = 0; c < channels; c++) out[to * channels + c] += image[from * channels + c] / (height * width)
    }
  }
  return out
}

const size = fc.integer({ min: 1, max: 9 })

describe("areaResized", () => {
  it("is the mean of the area under each pixel, for any sizes", () => {
    fc.assert(
      fc.property(
        size,
        size,
        size,
        size,
        fc.integer({ min: 1, max: 3 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (h, w, th, tw, c, values) => {
          const image = Float32Array.from({ length: h * w * c }, () => values.next().value as number)
          const expected = naive(image, h, w, th, tw)
          const found = areaResized(image, h, w, th, tw)
          expect(found.length).toBe(expected.length)
          found.forEach((value, i) => {
            expect(Math.abs(value - expected[i])).toBeLessThan(1e-3)
          })
        }
      )
    )
  })

  it("keeps a flat image flat, and a fitting one as it is", () => {
    const flat = areaResized(new Float32Array(249 * 256).fill(200), 249, 256, 256, 256)
    expect(flat.every((value) => Math.abs(value - 200) < 1e-3)).toBe(true)
    const image = Float32Array.of(1, 2, 3, 4)
    expect(areaResized(image, 2, 2, 2, 2)).toBe(image)
  })

  it("can be checked by hand", () => {
    // Three pixels become two: each takes a whole one and half of the middle one.
    expect([...areaResized(Float32Array.of(3, 6, 9), 1, 3, 1, 2)]).toEqual([4, 8].map((v) => expect.closeTo(v, 5)))
    expect([...areaResized(Float32Array.of(0, 4, 8, 12), 2, 2, 1, 1)]).toEqual([6])
  })
})

describe("resize", () => {
  effect("brings patches to one size; the original knows but 256", () =>
    Effect.gen(function* () {
      const { collect } = runIn("/nowhere")
      const patches = counting({ patches: 1, height: 4, width: 6 })
      const [small] = yield* collect(patches.pipe(resize({ size: 2 })))
      expect([small.height, small.width, small.image.length]).toEqual([2, 2, 8])
      expect(small.bands).toEqual(["B02", "B03"])
      const [original] = yield* collect(patches.pipe(resize({ size: 2, compat: "original" })))
      expect([original.height, original.width]).toEqual([256, 256])
    })
  )
})
