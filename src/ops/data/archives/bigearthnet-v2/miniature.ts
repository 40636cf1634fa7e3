/** A miniature laid out as BigEarthNet v2: Sentinel-2, Sentinel-1, reference maps, and `metadata.parquet`. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type * as hyparquetWriter from "hyparquet-writer"
import { optionalPackage } from "../../../../pipeline/packages.ts"
import { random } from "../../../../pipeline/random.ts"
import type { Split } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { writeFileAtomic } from "../../../formats/files.ts"
import { encodeGeoTiff } from "../../../formats/tiff/write.ts"
import { KNOBS } from "../../miniature/knobs.ts"
import { beginMiniature, finishMiniature } from "../../miniature/manifest.ts"
import { S2_BANDS } from "../../patches/bands.ts"
import { CLASSES_19, CORINE_19 } from "../bigearthnet/corine-labels.ts"
import { drawPatch } from "../bigearthnet/draw-patch.ts"
import { drawLand, type Land } from "../bigearthnet/land.ts"
import { checkSites, cornersOf, epsgOf, nameOf, type Site, siteOf } from "../bigearthnet/scenes.ts"
import type { MiniatureMaker } from "../data-set.ts"
import { CORINE_CODES } from "./corine-codes.ts"
import { drawRadar, mosaicOf, RADAR_SIZE } from "./radar.ts"

export const classes = CORINE_19

/** Country and split of each scene: splits are by geography. */
const PLACES: ReadonlyArray<readonly [country: string, split: Split]> = [
  ["Finland", "train"],
  ["Portugal", "train"],
  ["Finland", "test"],
  ["Serbia", "train"],
  ["Austria", "train"],
  ["Portugal", "val"],
  ["Ireland", "test"],
  ["Austria", "val"]
]

const two = (n: number): string => String(n).padStart(2, "0")

/** Everything about one patch except its pixels. */
interface Entry {
  readonly index: number
  readonly site: Site
  readonly name: string
  readonly s1: string
  readonly country: string
  readonly split: Split
  readonly classes: ReadonlyArray<number>
}

const entryOf = (land: Land, seed: number, index: number): Entry => {
  const site = siteOf(index)
  const { column, row, scene } = site
  const [country, split] = PLACES[index % PLACES.length]
  return {
    index,
    site,
    name: `${scene.satellite}_MSIL2A_${scene.sensed}_N9999_R022_T${scene.tile}_${two(column)}_${two(row)}`,
    s1: `S1A_IW_GRDH_1SDV_${scene.sensed.slice(0, 9)}165043_${scene.tile}_${column}_${row}`,
    country,
    split,
    classes: land.sets[random(seed, 0, index, "label set").int(land.sets.length)].classes
  }
}

/** Folders and files of a patch, relative to the archive. */
const placesOf = ({ name, s1 }: Entry) => {
  const tile = name.split("_").slice(0, -2).join("_")
  const scene = s1.split("_").slice(0, -3).join("_")
  return {
    s2: join("BigEarthNet-S2", tile, name),
    s1: join("BigEarthNet-S1", scene, s1),
    map: join("Reference_Maps", tile, name)
  }
}

/** Codes of the classes under each pixel. */
const referenceMap = (seed: number, { classes, index }: Entry): Uint16Array =>
  Uint16Array.from(mosaicOf(seed, index, classes.length), (one) => CORINE_CODES[classes[one]][0])

const writeEntry = (folder: string, land: Land, seed: number, entry: Entry): void => {
  const { classes, index, name, s1, site } = entry
  const { ulx, uly } = cornersOf(site)
  const at = (metres: number) => ({ ulx, uly, metres, epsg: epsgOf(site.scene) })
  const places = placesOf(entry)
  for (const place of Object.values(places)) mkdirSync(join(folder, place), { recursive: true })
  for (const polarisation of ["VV", "VH"] as const) {
    const data = drawRadar(seed, index, classes, polarisation)
    writeFileSync(
      join(folder, places.s1, `${s1}_${polarisation}.tif`),
      encodeGeoTiff(data, RADAR_SIZE, RADAR_SIZE, at(10))
    )
  }
  const map = join(folder, places.map, `${name}_reference_map.tif`)
  writeFileSync(map, encodeGeoTiff(referenceMap(seed, entry), RADAR_SIZE, RADAR_SIZE, at(10)))
  const bands = drawPatch(land, seed, index, classes, KNOBS.season * site.scene.season)
  bands.forEach(({ data, height, width }, b) => {
    const bytes = encodeGeoTiff(data as Uint16Array, height, width, at(S2_BANDS[b].metres))
    // Bands appear atomically, and once the last one exists the patch is complete.
    const file = join(folder, places.s2, `${name}_${S2_BANDS[b].name}.tif`)
    writeFileSync(`${file}.partial`, bytes)
    renameSync(`${file}.partial`, file)
  })
}

const isThere = (folder: string, entry: Entry): boolean =>
  existsSync(join(folder, placesOf(entry).s2, `${entry.name}_${S2_BANDS[S2_BANDS.length - 1].name}.tif`))

/** Class names in alphabetical order, as in the published table. */
const labelsOf = ({ classes }: Entry): ReadonlyArray<string> => classes.map((i) => CLASSES_19[i]).sort()

const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const
const FLAG = { type: "BOOLEAN", repetition_type: "OPTIONAL" } as const

/** As DuckDB wrote the published table: labels are a list of texts at `labels.list.element`. */
const SCHEMA: NonNullable<Parameters<typeof hyparquetWriter.parquetWriteBuffer>[0]["schema"]> = [
  { name: "root", num_children: 8 },
  { name: "patch_id", ...TEXT },
  { name: "labels", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  { name: "element", ...TEXT },
  { name: "split", ...TEXT },
  { name: "country", ...TEXT },
  { name: "s1_name", ...TEXT },
  { name: "s2v1_name", ...TEXT },
  { name: "contains_seasonal_snow", ...FLAG },
  { name: "contains_cloud_or_shadow", ...FLAG }
]

const writer = () => optionalPackage<typeof hyparquetWriter>("hyparquet-writer", "Parquet files", DataError)

const metadata = async (entries: ReadonlyArray<Entry>): Promise<Uint8Array> => {
  const { parquetWriteBuffer } = await writer()
  const text = (name: string, data: Array<string>) => ({ name, data })
  const flags = (name: string) => ({ name, data: entries.map(() => false) })
  const bytes = parquetWriteBuffer({
    schema: SCHEMA,
    columnData: [
      text(
        "patch_id",
        entries.map(({ name }) => name)
      ),
      { name: "labels", data: entries.map((entry) => [...labelsOf(entry)]) },
      text(
        "split",
        entries.map(({ split }) => (split === "val" ? "validation" : split))
      ),
      text(
        "country",
        entries.map(({ country }) => country)
      ),
      text(
        "s1_name",
        entries.map(({ s1 }) => s1)
      ),
      text(
        "s2v1_name",
        entries.map(({ site }) => nameOf(site))
      ),
      flags("contains_seasonal_snow"),
      flags("contains_cloud_or_shadow")
    ]
  })
  return new Uint8Array(bytes)
}

/** @throws DataError if the folder holds anything else, or more patches are wanted than the tiles hold */
export const open: MiniatureMaker["open"] = (name, folder, { patches, seed }) => {
  checkSites(folder, patches)
  const facts = { kind: name, seed, patches }
  const complete = beginMiniature(folder, facts)
  const land = drawLand(seed)
  const entries = Array.from({ length: patches }, (_, index) => entryOf(land, seed, index))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    complete,
    make: (i) => {
      const entry = entries[i]
      if (!complete && !isThere(folder, entry)) writeEntry(folder, land, seed, entry)
      return {
        name: entry.name,
        folder: join(folder, placesOf(entry).s2),
        files: {},
        facts: { country: entry.country, s1: entry.s1, s2v1: nameOf(entry.site) },
        labels: labelsOf(entry),
        split: entry.split
      }
    },
    finish: async () => {
      if (complete) return
      writeFileAtomic(join(folder, "metadata.parquet"), await metadata(entries))
      finishMiniature(folder, facts)
    }
  }
}
