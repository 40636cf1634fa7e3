import { expect, it } from "vitest"
import { fromUtm, placeInName } from "../../../../src/ops/show/explore/mgrs.ts"

/** Zone, easting and northing (negative in the south), and the latitude and longitude that PROJ gives. */
const PROJ = [
  [33, 331800, 5331000, 48.11003471465957, 12.740300299577253],
  [29, 500000, 4200000, 37.94758957178317, -9],
  [35, 699960, -2100000, -18.982775510470045, 28.89938786145105],
  [1, 440000, 60000, 0.5428144585941413, -177.5392208772159]
] as const

it.each(PROJ)(
  "places of UTM zone %i, %f east, %f north, are those of PROJ",
  (zone, east, north, latitude, longitude) => {
    const [y, x] = fromUtm(zone, east, north)
    expect(Math.abs(y - latitude)).toBeLessThan(1e-6)
    expect(Math.abs(x - longitude)).toBeLessThan(1e-6)
  }
)

/** Tiles of Sentinel-2 with a town that each shows. */
const TILES = [
  ["S2A_MSIL2A_20170613T101031_N9999_R022_T31TFJ", 43.6, 4.3],
  ["S2B_MSIL2A_20180525T094029_T34UDC_10_10", 52.2, 19.9],
  ["x_T34HBH_y", -33.9, 18.4],
  ["x_T29SNC_0_0", 38.8, -8.9]
] as const

it.each(TILES)("%s lies near %f, %f", (name, latitude, longitude) => {
  const [y, x] = placeInName(name) ?? [0, 0]
  expect(Math.abs(y - latitude)).toBeLessThan(0.8)
  expect(Math.abs(x - longitude)).toBeLessThan(0.9)
})

it("names without a tile, or with a square that does not exist, have no place", () => {
  for (const name of ["beach_0001", "S2A_MSIL2A_20170613T101031_0_45", "x_T33UAP_1_1", "x_T33IUP", "T33UUP"])
    expect([name, placeInName(name)]).toEqual([name, undefined])
})
