import { describe, expect, it } from "vitest"
import { bandNames, S2_BANDS, SELECTION_NAMES } from "../../../../src/ops/data/patches/bands.ts"
import {
  BIGEARTHNET_MOMENTS,
  IMAGENET_MOMENTS,
  IMAGENET_SWAPPED,
  normalised
} from "../../../../src/ops/data/patches/normalisation.ts"
import { DataError } from "../../../../src/ops/formats/data-error.ts"

describe("bands", () => {
  it("are the 12 of level 2A at their native sizes", () => {
    expect(
      S2_BANDS.map(({ name }) => name)
        .sort()
        .join(" ")
    ).toBe("B01 B02 B03 B04 B05 B06 B07 B08 B09 B11 B12 B8A")
    const size = Object.fromEntries(S2_BANDS.map((band) => [band.name, band.size]))
    expect([size.B02, size.B8A, size.B09]).toEqual([120, 60, 20])
    for (const band of S2_BANDS) expect(band.size * band.metres).toBe(1200)
  })

  it("are selected by name or list, in order", () => {
    const sentinel = [...S2_BANDS.map(({ name }) => name), "VV", "VH"]
    const colours = ["Red", "Green", "Blue"]
    expect(bandNames("rgb", sentinel)).toEqual(["B04", "B03", "B02"])
    expect(bandNames("rgb", colours)).toEqual(colours)
    expect(bandNames("s1", sentinel)).toEqual(["VV", "VH"])
    expect(bandNames("all", ["B03", "B01"])).toEqual(["B03", "B01"])
    expect(bandNames(["B12", "B01"], sentinel)).toEqual(["B12", "B01"])
    for (const name of SELECTION_NAMES) {
      expect(bandNames(name, sentinel).every((band) => sentinel.includes(band))).toBe(true)
    }
  })
})

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
