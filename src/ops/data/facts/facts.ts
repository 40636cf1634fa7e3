import { existsSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { basename, join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { Flag, Name, param } from "../../../pipeline/param.ts"
import { counted } from "../../../pipeline/words.ts"
import { PatchRef } from "../../elements.ts"
import { csvRow } from "../../formats/csv-rows.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import { dataFault, fileFault } from "../file-access.ts"
import { degreeFacts } from "./degrees.ts"
import { tiffDegrees } from "./tiff-degrees.ts"

type Facts = Readonly<Record<string, string>>

const TIFF = /\.tiff?$/i

/** The day in the name of a patch of Sentinel: S2A_MSIL2A_20170613T101031_0_45. */
const DAY = /(?:^|_)(\d{4})(\d{2})(\d{2})T\d{6}(?:_|$)/

/** What the reader itself needs is no fact about the image. */
const INTERNAL = new Set(["bands", "byte_at", "byte_length", "max_values", "part_row", "s1", "s2v1"])

/** A GeoTIFF of a patch: its only file, or the first band in its folder; `undefined` if it has none. */
const tiffOf = async ({ files, folder, name }: PatchRef): Promise<string | undefined> => {
  // An image within a shard or a part has no file of its own; other files in the folder do not belong to it.
  if (files.shard !== undefined || files.part !== undefined) return undefined
  if (files.image !== undefined) return TIFF.test(files.image) ? join(folder, files.image) : undefined
  // A folder of another name, such as that of arrays, holds many patches: its GeoTIFFs do not belong to this one.
  if (basename(folder) !== name) return undefined
  const usual = join(folder, `${name}_B02.tif`)
  if (existsSync(usual)) return usual
  const found = existsSync(folder) ? (await readdir(folder)).filter((file) => TIFF.test(file)).sort() : []
  return found.length === 0 ? undefined : join(folder, found[0])
}

/** Latitude and longitude of the middle of an image; the code of its reference system if that cannot be converted. */
const located = async (reference: PatchRef): Promise<Facts | number> => {
  const file = await tiffOf(reference)
  const place = file === undefined ? undefined : await tiffDegrees(file)
  if (place === undefined || typeof place === "number") return place ?? {}
  return degreeFacts(place)
}

const dated = ({ name }: PatchRef): Facts => {
  const [, year, month, day] = DAY.exec(name) ?? []
  return year === undefined ? {} : { date: `${year}-${month}-${day}` }
}

/** Columns that every table begins with, if any image has them. */
const FIRST = ["latitude", "longitude", "date", "country"]

const columnsOf = (all: ReadonlyArray<Facts>): ReadonlyArray<string> => {
  const names = new Set(all.flatMap((facts) => Object.keys(facts)))
  return [...FIRST.filter((name) => names.has(name)), ...[...names].filter((name) => !FIRST.includes(name)).sort()]
}

/**
 * Writes what an archive says about its images besides their labels: a table with a row per image, for `explore` and for other
 * programs. Latitude and longitude (degrees, WGS 84, of the image's middle) and `date` come from the archive's own table,
 * else from GeoTIFFs in UTM, Web Mercator or degrees and from the names of Sentinel's patches. References pass unchanged.
 */
export const facts = operator({
  name: "facts",
  about:
    "Writes facts about the images of an archive to a table: place, date, and the other columns of the archive's table.",
  from: PatchRef,
  to: PatchRef,
  params: {
    to: param(Name, "The table, under `root_dir`.", "facts.csv"),
    coordinates: param(Flag, "Whether GeoTIFFs are opened for their coordinates.", true)
  },
  run:
    ({ coordinates, to }) =>
    (references) =>
      Stream.suspend(() => {
        const names: Array<string> = []
        const all: Array<Facts> = []
        const foreign = new Set<number>()
        const see = Effect.fnUntraced(function* (reference: PatchRef) {
          const told = Object.entries(reference.facts).filter(([key]) => !INTERNAL.has(key))
          const own: Facts = Object.fromEntries(told)
          const place = own.latitude === undefined && coordinates ? yield* dataFault(() => located(reference)) : {}
          if (typeof place === "number") foreign.add(place)
          names.push(reference.name)
          all.push({ ...dated(reference), ...(typeof place === "number" ? {} : place), ...own })
        })
        const write = Effect.gen(function* () {
          const { root, say, wrote } = yield* Run
          const path = resolve(root, to)
          const columns = columnsOf(all)
          const rows = names.map((name, i) => csvRow([name, ...columns.map((column) => all[i][column] ?? "")]))
          yield* fileFault(path, () => writeFileAtomic(path, [csvRow(["name", ...columns]), ...rows].join("")))
          yield* wrote(path)
          const places = all.filter(({ latitude }) => latitude !== undefined).length
          yield* say(
            `facts: ${counted(names.length, "image")}, ${places} with a place; columns ${columns.join(", ") || "none"}`
          )
          if (foreign.size > 0) {
            const codes = [...foreign].sort((a, b) => a - b).join(", ")
            yield* say(`facts: coordinates in EPSG ${codes} are left out; UTM, Web Mercator and degrees are read`)
          }
        })
        return Stream.concat(Stream.tap(references, see), Stream.drain(Stream.fromEffect(Effect.suspend(() => write))))
      })
})
