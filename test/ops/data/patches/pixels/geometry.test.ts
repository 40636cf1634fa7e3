import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  cut,
  flipHorizontally,
  flipVertically,
  rotate,
  type Shaped
} from "../../../../../src/ops/data/patches/pixels/geometry.ts"

/** 2 x 3 pixels of 2 channels: [[a b c] [d e f]], second channel 10 more. */
const image: Shaped = {
  height: 2,
  width: 3,
  image: Float32Array.of(1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16)
}
const first = ({ image: all, height, width }: Shaped) => ({
  size: [height, width],
  values: [...all].filter((_, i) => i % 2 === 0),
  second: [...all].filter((_, i) => i % 2 === 1).map((value) => value - 10)
})
const is = (shaped: Shaped, size: ReadonlyArray<number>, values: ReadonlyArray<number>) =>
  expect(first(shaped)).toEqual({ size, values, second: values })

describe("geometry", () => {
  it("flips", () => {
    is(flipHorizontally(image), [2, 3], [3, 2, 1, 6, 5, 4])
    is(flipVertically(image), [2, 3], [4, 5, 6, 1, 2, 3])
  })

  it("turns counter-clockwise", () => {
    // numpy: rot90([[1, 2, 3], [4, 5, 6]], k)
    is(rotate(image, 1), [3, 2], [3, 6, 2, 5, 1, 4])
    is(rotate(image, 2), [2, 3], [6, 5, 4, 3, 2, 1])
    is(rotate(image, 3), [3, 2], [4, 1, 5, 2, 6, 3])
  })

  it("cuts", () => {
    is(cut(image, 0, 1, 2), [2, 2], [2, 3, 5, 6])
    is(cut(image, 1, 2, 1), [1, 1], [6])
  })

  it("keeps the laws of the square's symmetries", () => {
    const size = fc.integer({ min: 1, max: 7 })
    fc.assert(
      fc.property(size, size, size, (height, width, channels) => {
        const shaped = { height, width, image: Float32Array.from({ length: height * width * channels }, (_, i) => i) }
        expect(rotate(rotate(shaped, 1), 3)).toEqual(shaped)
        expect(rotate(rotate(shaped, 1), 1)).toEqual(rotate(shaped, 2))
        expect(rotate(shaped, 2)).toEqual(flipVertically(flipHorizontally(shaped)))
        expect(flipHorizontally(flipHorizontally(shaped))).toEqual(shaped)
      })
    )
  })
})
