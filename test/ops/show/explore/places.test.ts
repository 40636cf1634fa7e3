/** Places of images from the files of a folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { degreesOf } from "../../../../src/ops/data/facts/degrees.ts"
import { encodeGeoTiff } from "../../../../src/ops/formats/tiff/write.ts"
import { placeInName } from "../../../../src/ops/show/explore/mgrs.ts"
import { landOutline, placesFound } from "../../../../src/ops/show/explore/places.ts"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A GeoTIFF of 2 x 2 pixels of 10 m. */
const tiff = (epsg: number, ulx: number, uly: number) =>
  encodeGeoTiff(new Uint16Array(4), 2, 2, { epsg, metres: 10, ulx, uly })

const TILED = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_26_57"

describe("places", () => {
  it("are those of GeoTIFFs, else of names; bands of one image have one place", async () => {
    writeFileSync(join(folder, "field.tif"), tiff(32632, 600_000, 5_300_000))
    writeFileSync(join(folder, "elsewhere.tif"), tiff(3035, 4e6, 3e6))
    mkdirSync(join(folder, TILED))
    writeFileSync(join(folder, TILED, `${TILED}_B02.tif`), tiff(32633, 399_960, 5_300_040))
    const named = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_1_2"
    const places = await placesFound(["field", "elsewhere", TILED, named], folder)
    const field = degreesOf(32632, 600_010, 5_299_990)
    const tile = degreesOf(32633, 399_970, 5_300_030)
    const inName = placeInName(named) ?? []
    const expected = [
      ...[field?.latitude, field?.longitude],
      ...[Number.NaN, Number.NaN],
      ...[tile?.latitude, tile?.longitude],
      ...inName
    ]
    expect([...(places ?? [])]).toEqual(expected.map((one) => Math.fround(one as number)))
    // The tile's name tells another place, 26 and 57 patches inside.
    expect(places?.[4]).not.toBeCloseTo(placeInName(TILED)?.[0] as number, 2)
  })

  it("of an archive of one's own are found under the names of its table", async () => {
    mkdirSync(join(folder, "farm"))
    writeFileSync(join(folder, "farm", "a.tif"), tiff(32632, 600_000, 5_300_000))
    writeFileSync(join(folder, "labels.csv"), "image,forest\nfarm/a.tif,1\n")
    const known = await placesFound(["farm/a"], folder)
    expect(known?.[0]).toBeCloseTo(47.84, 1)
  })

  it("are unknown without coordinates", async () => {
    expect(await placesFound(["a"], join(folder, "absent"))).toBe(undefined)
  })

  it("have the land behind them", async () => {
    const rings = await landOutline()
    expect(rings.length).toBeGreaterThan(100)
    expect(rings.flat().every((value) => Number.isInteger(value) && Math.abs(value) <= 18_000)).toBe(true)
  })
})
