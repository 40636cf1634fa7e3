/** Facts about images: from tables, from GeoTIFFs, from names. */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import { degreesOf } from "../../../../src/ops/data/facts/degrees.ts"
import { facts } from "../../../../src/ops/data/facts/facts.ts"
import { tiffDegrees } from "../../../../src/ops/data/facts/tiff-degrees.ts"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import { readCsv } from "../../../../src/ops/formats/csv.ts"
import { placeOf } from "../../../../src/ops/formats/tiff/place.ts"
import { encodeGeoTiff } from "../../../../src/ops/formats/tiff/write.ts"
import { placesOf } from "../../../../src/ops/show/explore/places.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const tableIn = (root: string, name = "facts.csv") => readCsv(readFileSync(join(root, name), "utf8"), name)

describe("degrees", () => {
  /** As `rasterio.warp.transform` (PROJ) converts them. */
  it.each([
    [32632, 600000, 5300000, 47.845561252465465, 10.33659097485228],
    [32629, 433210.5, 4598765.4, 41.537756452390695, -9.800693082339668],
    [32733, 277777.7, 6123456.7, -35.00712431488597, 12.564772876593652],
    [32601, 700000, 123456, 1.1163906274278284, -175.2026081755522],
    [32660, 300000, 9000000, 80.88459394422111, 165.6208931192129],
    [3857, 1234567, 6543210, 50.55646858890867, 11.090304053695851],
    [4326, 11.5, -47.25, -47.25, 11.5]
  ])("of EPSG %i, %f, %f are those of PROJ to a millimetre", (epsg, x, y, latitude, longitude) => {
    const found = degreesOf(epsg, x, y)
    // A degree of latitude is about 111 km.
    expect(Math.abs((found?.latitude ?? Number.NaN) - latitude)).toBeLessThan(1e-8)
    expect(Math.abs((found?.longitude ?? Number.NaN) - longitude)).toBeLessThan(1e-8)
  })

  it("of other systems, and outside the Earth, are unknown", () => {
    for (const epsg of [3035, 32600, 32661, 32700, 32761, 0]) expect(degreesOf(epsg, 500000, 5000000)).toBe(undefined)
    expect(degreesOf(4326, 200, 10)).toBe(undefined)
    expect(degreesOf(4326, Number.NaN, 10)).toBe(undefined)
  })
})

describe("the place of a GeoTIFF", () => {
  it("is the middle of its image", () => {
    const data = new Uint16Array(20 * 30)
    const bytes = encodeGeoTiff(data, 20, 30, { epsg: 32632, metres: 10, ulx: 600000, uly: 5300000 })
    expect(placeOf(bytes, "a.tif")).toEqual({ epsg: 32632, x: 600150, y: 5299900 })
    expect(() => placeOf(bytes.subarray(0, 6), "a.tif")).toThrow("a.tif: holds 6 bytes")
  })

  it("is read from the header alone, if the file begins with it", async () => {
    const path = join(temporaryFolder(), "large.tif")
    const place = { epsg: 32632, metres: 10, ulx: 600000, uly: 5300000 }
    writeFileSync(path, encodeGeoTiff(new Uint16Array(20 * 30), 20, 30, place))
    const expected = degreesOf(32632, 600150, 5299900)
    expect(await tiffDegrees(path)).toEqual(expected)
    // Bytes that the file system does not store: too many to be read at once.
    truncateSync(path, 5 * 2 ** 30)
    expect(await tiffDegrees(path)).toEqual(expected)
  })

  it("is read from a header behind the pixels, and a damaged one is refused", async () => {
    const root = temporaryFolder()
    const bytes = encodeGeoTiff(new Uint16Array(4), 2, 2, { epsg: 4326, metres: 1, ulx: 10, uly: 50 })
    const [head, gap] = [8, 2 ** 21]
    const moved = new Uint8Array(bytes.length + gap)
    moved.set(bytes.subarray(0, head))
    moved.set(bytes.subarray(head), head + gap)
    const view = new DataView(moved.buffer)
    const directory = view.getUint32(4, true) + gap
    view.setUint32(4, directory, true)
    for (let i = 0, at = directory + 2; i < view.getUint16(directory, true); i++, at += 12) {
      const size = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8][view.getUint16(at + 2, true)]
      const outside = size * view.getUint32(at + 4, true) > 4 || view.getUint16(at, true) === 273
      if (outside) view.setUint32(at + 8, view.getUint32(at + 8, true) + gap, true)
    }
    writeFileSync(join(root, "behind.tif"), moved)
    expect(await tiffDegrees(join(root, "behind.tif"))).toEqual(degreesOf(4326, 11, 49))
    writeFileSync(join(root, "cut.tif"), moved.subarray(0, moved.length - 20))
    await expect(tiffDegrees(join(root, "cut.tif"))).rejects.toThrow("cut.tif")
  })

  it("is unknown if the file does not say it", async () => {
    const plain = await sharp(new Uint8Array(12), { raw: { width: 2, height: 2, channels: 3 } })
      .tiff()
      .toBuffer()
    expect(placeOf(plain, "a.tif")).toBe(undefined)
  })
})

describe("facts", () => {
  effect("of a table are written as they are there", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      mkdirSync(join(root, "own"))
      for (const name of ["a", "b"]) {
        const png = yield* Effect.promise(() =>
          sharp(new Uint8Array(3), { raw: { width: 1, height: 1, channels: 3 } })
            .png()
            .toBuffer()
        )
        writeFileSync(join(root, "own", `${name}.png`), png)
      }
      writeFileSync(
        join(root, "own", "labels.csv"),
        'image,forest,lat,lon,date,site\na,1,47.5,10,2020-01-02,"x, y"\nb,0,,,,z\n'
      )
      const { collect, said, wrote } = runIn(root)
      const references = yield* collect(archive({ path: "own" }).pipe(facts()))
      expect(references.map(({ name }) => name)).toEqual(["a", "b"])
      expect(tableIn(root)).toEqual([
        ["name", "latitude", "longitude", "date", "site"],
        ["a", "47.5", "10", "2020-01-02", "x, y"],
        ["b", "", "", "", "z"]
      ])
      // The explorer reads this table; an image without a place is not on its map.
      expect([...(placesOf(["a", "b", "c"], join(root, "facts.csv")) ?? [])]).toEqual([47.5, 10, NaN, NaN, NaN, NaN])
      expect(wrote).toEqual([join(root, "facts.csv")])
      expect(said.join("\n")).toContain("facts: 2 images, 1 with a place; columns latitude, longitude, date, site")
    })
  )

  for (const kind of ["bigearthnet", "bigearthnet-v2"] as const) {
    effect(`of ${kind} are found in its files and names`, () =>
      Effect.gen(function* () {
        const root = temporaryFolder()
        const { collect } = runIn(root)
        yield* collect(miniature({ kind, patches: 4, to: "ben" }))
        yield* collect(archive({ path: "ben" }).pipe(facts({ to: "places.csv" })))
        const [header, ...rows] = tableIn(root, "places.csv")
        expect(header.slice(0, 4)).toEqual(["name", "latitude", "longitude", "date"])
        expect(rows).toHaveLength(4)
        for (const [name, latitude, longitude, date] of rows) {
          expect(Number(latitude)).toBeGreaterThan(34)
          expect(Number(latitude)).toBeLessThan(72)
          expect(Number(longitude)).toBeGreaterThan(-25)
          expect(Number(longitude)).toBeLessThan(45)
          expect(name).toContain(`_${date.replaceAll("-", "")}T`)
        }
        yield* collect(archive({ path: "ben" }).pipe(facts({ to: "names.csv", coordinates: false })))
        // The metadata of v1 have places; of v2, only the images do.
        const columns = tableIn(root, "names.csv")
        if (kind === "bigearthnet") expect(columns).toEqual([header, ...rows])
        else expect(columns[0]).not.toContain("latitude")
      })
    )
  }

  effect("of shards do not come from a GeoTIFF beside them", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      const { collect, said } = runIn(root)
      yield* collect(miniature({ kind: "webdataset", patches: 4, to: "shards" }))
      const bytes = encodeGeoTiff(new Uint16Array(4), 2, 2, { epsg: 32632, metres: 10, ulx: 600000, uly: 5300000 })
      writeFileSync(join(root, "shards", "loose.tif"), bytes)
      yield* collect(archive({ path: "shards", kind: "webdataset" }).pipe(facts()))
      expect(tableIn(root)[0]).not.toContain("latitude")
      expect(said.join("\n")).toContain("facts: 4 images, 0 with a place")
    })
  )

  effect("name reference systems that are not converted", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      mkdirSync(join(root, "own"))
      const data = new Uint16Array(4)
      const bytes = encodeGeoTiff(data, 2, 2, { epsg: 3035, metres: 10, ulx: 4e6, uly: 3e6 })
      writeFileSync(join(root, "own", "a.tif"), bytes)
      writeFileSync(join(root, "own", "labels.csv"), "image,forest\na,1\n")
      const { collect, said } = runIn(root)
      yield* collect(archive({ path: "own" }).pipe(facts()))
      expect(tableIn(root)).toEqual([["name"], ["a"]])
      expect(said.join("\n")).toContain("coordinates in EPSG 3035 are left out")
    })
  )
})
