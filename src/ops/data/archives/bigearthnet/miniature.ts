/** A miniature archive on disk: laid out as BigEarthNet v1, made patch by patch, resumable. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { random } from "../../../../pipeline/random.ts"
import { encodeGeoTiff } from "../../../formats/tiff/write.ts"
import { KNOBS } from "../../miniature/knobs.ts"
import { beginMiniature, finishMiniature } from "../../miniature/manifest.ts"
import { S2_BANDS } from "../../patches/bands.ts"
import type { MiniatureMaker, MiniatureOptions, PatchEntry } from "../data-set.ts"
import { CORINE_43 } from "./corine-labels.ts"
import { drawPatch } from "./draw-patch.ts"
import { drawLand, type Land } from "./land.ts"
import { metadataFacts } from "./metadata-facts.ts"
import { checkSites, cornersOf, epsgOf, metadataOf, nameOf, type Site, siteOf } from "./scenes.ts"

export const classes = CORINE_43

const labelsFile = (folder: string, name: string) => join(folder, `${name}_labels_metadata.json`)

const writePatch = (
  land: Land,
  seed: number,
  index: number,
  folder: string,
  site: Site,
  names: PatchEntry["labels"]
) => {
  const name = nameOf(site)
  const { ulx, uly } = cornersOf(site)
  mkdirSync(folder, { recursive: true })
  const { classes } = setOf(land, seed, index)
  const bands = drawPatch(land, seed, index, classes, KNOBS.season * site.scene.season)
  bands.forEach(({ data, height, width }, b) => {
    const placement = { ulx, uly, metres: S2_BANDS[b].metres, epsg: epsgOf(site.scene) }
    const file = join(folder, `${name}_${S2_BANDS[b].name}.tif`)
    writeFileSync(file, encodeGeoTiff(data as Uint16Array, height, width, placement))
  })
  // Last, and atomically: a patch exists once its labels do. Not synced, since a lost patch is simply made again.
  const labels = labelsFile(folder, name)
  writeFileSync(`${labels}.partial`, `${JSON.stringify(metadataOf(site, names))}\n`)
  renameSync(`${labels}.partial`, labels)
}

const setOf = (land: Land, seed: number, index: number) =>
  land.sets[random(seed, 0, index, "label set").int(land.sets.length)]

/** What a thread needs to make patches. */
export interface Work {
  readonly folder: string
  readonly options: Pick<MiniatureOptions, "seed" | "patches">
}

/** Makes patch `i` unless it exists; patches are counted in the order of their names. */
export const makerOf = ({ folder, options: { patches, seed } }: Work): ((i: number) => PatchEntry) => {
  const land = drawLand(seed)
  const order = Array.from({ length: patches }, (_, index) => ({ index, name: nameOf(siteOf(index)) }))
  order.sort((a, b) => (a.name < b.name ? -1 : 1))
  return (i) => {
    const { index, name } = order[i]
    const { names: labels } = setOf(land, seed, index)
    const inside = join(folder, name)
    if (!existsSync(labelsFile(inside, name))) writePatch(land, seed, index, inside, siteOf(index), labels)
    return { name, folder: inside, files: {}, facts: metadataFacts(metadataOf(siteOf(index), labels)), labels }
  }
}

/** @throws DataError if the folder holds anything else, or more patches are wanted than the tiles hold */
export const open: MiniatureMaker["open"] = (name, folder, { patches, seed }) => {
  checkSites(folder, patches)
  const facts = { kind: name, seed, patches }
  const complete = beginMiniature(folder, facts)
  const data: Work = { folder, options: { patches, seed } }
  return {
    complete,
    make: makerOf(data),
    finish: () => finishMiniature(folder, facts),
    worker: { module: new URL("./miniature-work.ts", import.meta.url), data }
  }
}
