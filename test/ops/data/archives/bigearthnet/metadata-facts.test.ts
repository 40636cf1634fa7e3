import { describe, expect, it } from "vitest"
import { metadataFacts } from "../../../../../src/ops/data/archives/bigearthnet/metadata-facts.ts"
import { metadataOf, siteOf } from "../../../../../src/ops/data/archives/bigearthnet/scenes.ts"
import { degreesOf } from "../../../../../src/ops/data/facts/degrees.ts"

describe("facts in the metadata of BigEarthNet", () => {
  const metadata = metadataOf(siteOf(5), ["Pastures"])

  it("are place and date of a patch", () => {
    const { coordinates, projection } = metadata
    const epsg = Number(projection.slice(-9, -3).match(/\d+/)?.[0])
    const middle = degreesOf(epsg, (coordinates.ulx + coordinates.lrx) / 2, (coordinates.uly + coordinates.lry) / 2)
    const found = metadataFacts(metadata)
    expect(found.date).toBe(metadata.acquisition_date.slice(0, 10))
    expect(Number(found.latitude)).toBeCloseTo(middle?.latitude ?? Number.NaN, 6)
    expect(Number(found.longitude)).toBeCloseTo(middle?.longitude ?? Number.NaN, 6)
    // Within Europe, where all patches are.
    expect(Number(found.latitude)).toBeGreaterThan(35)
  })

  it("may be absent, or in a reference system that is not known", () => {
    expect(metadataFacts({})).toEqual({})
    expect(metadataFacts({ coordinates: 3, projection: [], acquisition_date: "yesterday" })).toEqual({})
    expect(metadataFacts({ ...metadata, coordinates: { ulx: 1, uly: "2" } })).toEqual({ date: expect.any(String) })
    const other = metadata.projection.replace(/"\d+"\]\]$/, '"3035"]]')
    expect(metadataFacts({ ...metadata, projection: other })).toEqual({ date: expect.any(String) })
  })
})
