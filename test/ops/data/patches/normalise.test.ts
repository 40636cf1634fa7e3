import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { S2_BANDS } from "../../../../src/ops/data/patches/bands.ts"
import {
  BIGEARTHNET_MOMENTS,
  IMAGENET_MOMENTS,
  IMAGENET_SWAPPED
} from "../../../../src/ops/data/patches/moments/known-moments.ts"
import { normalised } from "../../../../src/ops/data/patches/moments/normalised.ts"
import { normalise } from "../../../../src/ops/data/patches/normalise.ts"
import { DataError } from "../../../../src/ops/formats/data-error.ts"
import { effect } from "../../../effect.ts"
import { counting, runIn } from "../streams.ts"

const { collect } = runIn("/nowhere")

describe("normalised", () => {
  it("scales every channel by the constants of its band", () => {
    const { B02, B8A } = BIGEARTHNET_MOMENTS
    const image = Float32Array.of(B02.mean, B8A.mean + B8A.std, B02.mean - 2 * B02.std, B8A.mean)
    const result = normalised(image, ["B02", "B8A"], BIGEARTHNET_MOMENTS, "x")
    expect([...result].map((value) => Math.round(value * 1e5) / 1e5)).toEqual([0, 1, -2, 0])
    expect(image[0]).toBe(Math.fround(B02.mean))
  })

  it("has constants for every band", () => {
    expect(Object.keys(BIGEARTHNET_MOMENTS).sort()).toEqual(S2_BANDS.map(({ name }) => name).sort())
  })

  it("knows ImageNet's constants, and the original's with red and blue exchanged", () => {
    const { Blue, Green, Red } = IMAGENET_MOMENTS
    const image = Float32Array.of(Red.mean, Green.mean + Green.std, Blue.mean - Blue.std)
    const scaled = (moments: typeof IMAGENET_MOMENTS) => [...normalised(image, ["Red", "Green", "Blue"], moments, "x")]
    const [red, green, blue] = scaled(IMAGENET_MOMENTS)
    expect([red, green, blue].map((value) => value.toFixed(5).replace("-0.00000", "0.00000"))).toEqual([
      "0.00000",
      "1.00000",
      "-1.00000"
    ])
    const swapped = scaled(IMAGENET_SWAPPED)
    expect(swapped[0]).toBeCloseTo((Red.mean - Blue.mean) / Blue.std, 5)
    expect(swapped[1]).toBe(green)
    expect(swapped[2]).toBeCloseTo((Blue.mean - Blue.std - Red.mean) / Red.std, 5)
  })

  it("refuses a channel it has no constants for", () => {
    const run = () => normalised(new Float32Array(1), ["B8B"], BIGEARTHNET_MOMENTS, "patch 7")
    expect(run).toThrow(DataError)
    expect(run).toThrow("patch 7: has a channel B8B without normalisation constants; did you mean `B8A`?")
    expect(run).toThrow("? Compute them with the step `statistics` and name its file in `by` of `normalise`, ")
  })
})

describe("normalise", () => {
  effect("scales by the band's constants, or not at all", () =>
    Effect.gen(function* () {
      const { B02, B03 } = BIGEARTHNET_MOMENTS
      const [patch] = yield* collect(counting({ patches: 1 }).pipe(normalise()))
      expect(patch.image[2]).toBeCloseTo((2 - B02.mean) / B02.std, 6)
      expect(patch.image[3]).toBeCloseTo((3 - B03.mean) / B03.std, 6)
      const [same] = yield* collect(counting({ patches: 1 }).pipe(normalise({ by: "none" })))
      expect(same.image[3]).toBe(3)
    })
  )
})
