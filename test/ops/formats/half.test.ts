import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromHalf, toHalf } from "../../../src/ops/formats/half.ts"

/** All numbers that half precision has, without NaN. */
const every = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter((bits) => (bits & 0x7fff) <= 0x7c00)

describe("half-precision numbers", () => {
  it("survive the way to float32 and back, each of them", () => {
    expect(toHalf(fromHalf(every))).toEqual(every)
  })

  it("are rounded to the nearest, and to the even one of two", () => {
    const positive = fromHalf(every.filter((bits) => bits < 0x7c00))
    fc.assert(
      fc.property(fc.nat(positive.length - 2), fc.double({ min: 0, max: 1, noNaN: true }), (i, share) => {
        const value = Math.fround(positive[i] + share * (positive[i + 1] - positive[i]))
        const [below, above] = [value - positive[i], positive[i + 1] - value]
        const nearest = below < above || (below === above && i % 2 === 0) ? i : i + 1
        expect(toHalf(Float32Array.of(value, -value))).toEqual(Uint16Array.of(nearest, nearest | 0x8000))
      })
    )
  })

  it("are infinite from 65520 on, and NaN where the number is", () => {
    expect(toHalf(Float32Array.of(65519.9, 65520, 1e30, -1e30, Number.POSITIVE_INFINITY))).toEqual(
      Uint16Array.of(0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7c00)
    )
    expect(fromHalf(toHalf(Float32Array.of(Number.NaN)))).toEqual(Float32Array.of(Number.NaN))
  })
})
