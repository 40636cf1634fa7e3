/** Where images lie on the Earth: from a table, from GeoTIFFs, or from names that hold a Sentinel-2 tile. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { feature } from "topojson-client"
import type { GeometryCollection, Topology } from "topojson-specification"
import { optionalPackage } from "../../../pipeline/packages.ts"
import { inOrder } from "../../data/archives/shared/read-file.ts"
import { tiffDegrees } from "../../data/facts/tiff-degrees.ts"
import { filesByName } from "../../data/inspect/inspected.ts"
import { eachRow } from "../../formats/csv.ts"
import { textOf } from "../../formats/text.ts"
import { ShowError } from "../show-error.ts"
import { placeInName } from "./mgrs.ts"

const HEADER =
  "Give it a header with `name`, `latitude` and `longitude`, and degrees from -90 to 90 and from -180 to 180"

/** Reads a table of places. */
const placesIn = (path: string): ReadonlyMap<string, readonly [number, number]> => {
  const places = new Map<string, readonly [number, number]>()
  let columns: ReadonlyArray<number> | undefined
  eachRow(textOf(readFileSync(path), path), path, { delimiter: "detect" }, (row) => {
    if (columns === undefined) {
      const header = row.map((cell) => cell.trim().toLowerCase())
      const find = (...names: ReadonlyArray<string>) => header.findIndex((one) => names.includes(one))
      columns = [find("name", "image"), find("latitude", "lat"), find("longitude", "lon", "lng")]
      if (columns.includes(-1)) {
        throw new ShowError({ subject: path, problem: "has no columns name, latitude and longitude", remedy: HEADER })
      }
      return
    }
    const [name, latitude, longitude] = columns.map((at) => row[at] ?? "")
    // Tables of facts have a row for every image, also for those whose place is unknown.
    if (latitude === "" && longitude === "") return
    const [y, x] = [Number(latitude), Number(longitude)]
    if (!(latitude !== "" && longitude !== "" && Math.abs(y) <= 90 && Math.abs(x) <= 180)) {
      throw new ShowError({
        subject: path,
        problem: `gives ${name} the place "${latitude}, ${longitude}"`,
        remedy: HEADER
      })
    }
    places.set(name, [y, x])
  })
  return places
}

/** GeoTIFFs that are read at a time. */
const CONCURRENCY = 16

type Place = readonly [latitude: number, longitude: number]

/**
 * Latitude and longitude of images, float32 [count, 2], NaN for those that have none; undefined if none has one.
 *
 * @param placeOf the place of an image
 */
const gathered = (
  names: ReadonlyArray<string>,
  placeOf: (name: string) => Place | undefined
): Float32Array | undefined => {
  const places = new Float32Array(names.length * 2).fill(Number.NaN)
  let found = false
  names.forEach((name, i) => {
    const place = placeOf(name)
    if (place === undefined) return
    places.set(place, 2 * i)
    found = true
  })
  return found ? places : undefined
}

/**
 * Places of images, float32 [count, 2]; undefined if none is known.
 *
 * @param table path of a CSV with the columns name, latitude and longitude
 * @throws ShowError if the table is wrong
 */
export const placesOf = (names: ReadonlyArray<string>, table: string): Float32Array | undefined => {
  const listed = placesIn(table)
  return gathered(names, (name) => listed.get(name))
}

/**
 * Places of images, float32 [count, 2], from the coordinates of their GeoTIFFs, else from their names; undefined if none is
 * known.
 *
 * @param images a folder of images; a store has no coordinates
 * @returns rejects with DataError if a GeoTIFF is damaged
 */
export const placesFound = async (names: ReadonlyArray<string>, images: string): Promise<Float32Array | undefined> => {
  const files = await filesByName(images)
  const read = new Map<string, Place>()
  await inOrder(names, CONCURRENCY, async (name) => {
    const file = files.get(name)?.find((one) => /\.tiff?$/i.test(one))
    const place = file === undefined ? undefined : await tiffDegrees(file)
    if (typeof place === "object") read.set(name, [place.latitude, place.longitude])
  })
  return gathered(names, (name) => read.get(name) ?? placeInName(name))
}

type World = Topology<{ readonly land: GeometryCollection }>

/**
 * Outline of the land, as rings of longitude and latitude in hundredths of a degree. Natural Earth 1:110m, by world-atlas.
 *
 * @returns rejects with ShowError if world-atlas is not installed
 */
export const landOutline = async (): Promise<ReadonlyArray<ReadonlyArray<number>>> => {
  const load = async () =>
    JSON.parse(readFileSync(createRequire(import.meta.url).resolve("world-atlas/land-110m.json"), "utf8")) as World
  const world = await optionalPackage<World>("world-atlas", "Maps of the Earth", ShowError, load)
  return feature(world, world.objects.land).features.flatMap(({ geometry }) => {
    const polygons =
      geometry.type === "MultiPolygon"
        ? geometry.coordinates
        : geometry.type === "Polygon"
          ? [geometry.coordinates]
          : []
    return polygons.flat().map((ring) => ring.flatMap(([x, y]) => [Math.round(100 * x), Math.round(100 * y)]))
  })
}
