import { describe, expect, it } from "vitest"
import { bandNames, S2_BANDS, SELECTION_NAMES } from "../../../../src/ops/data/patches/bands.ts"

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
