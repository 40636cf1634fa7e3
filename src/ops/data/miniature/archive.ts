/** A miniature archive on disk: laid out as BigEarthNet v1, made patch by patch, resumable. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { random } from "../../../pipeline/random.ts"
import type { PatchRef } from "../../elements.ts"
import { encodeGeoTiff } from "../../formats/tiff/write.ts"
import { nomenclatureOf } from "../archives/shared/nomenclatures.ts"
import { S2_BANDS } from "../patches/bands.ts"
import { KNOBS } from "./knobs.ts"
import { drawLand, type Land } from "./land.ts"
import { beginMiniature, finishMiniature } from "./manifest.ts"
import { drawPatch } from "./patch.ts"
import { checkSites, cornersOf, epsgOf, metadataOf, nameOf, type Site, siteOf } from "./scenes.ts"

export interface MiniatureOptions {
  readonly seed: number
  readonly patches: number
}

/** A miniature whose folder is ready; `make` gives patch `i` of `count`, in the order of their names. */
export interface Miniature {
  readonly count: number
  /** True where the folder holds every patch already. */
  readonly complete: boolean
  readonly make: (i: number) => PatchRef | Promise<PatchRef>
  /** Marks the archive as whole. */
  readonly finish: () => void
}

/** Its patches are made at once. */
interface SentinelMiniature extends Miniature {
  readonly make: (i: number) => PatchRef
}

const labelsFile = (folder: string, name: string) => join(folder, `${name}_labels_metadata.json`)

const writePatch = (land: Land, seed: number, index: number, folder: string, site: Site, names: PatchRef["labels"]) => {
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
  // Last, and whole or not at all: the patch is there when its labels are. Not synced: what a power cut takes can be made again.
  const labels = labelsFile(folder, name)
  writeFileSync(`${labels}.partial`, `${JSON.stringify(metadataOf(site, names))}\n`)
  renameSync(`${labels}.partial`, labels)
}

const setOf = (land: Land, seed: number, index: number) =>
  land.sets[random(seed, 0, index, "label set").int(land.sets.length)]

/** Makes patch `i`, in the order of names, unless it is there. */
export const makerOf = (folder: string, { patches, seed }: MiniatureOptions): ((i: number) => PatchRef) => {
  const land = drawLand(seed)
  const order = Array.from({ length: patches }, (_, index) => ({ index, name: nameOf(siteOf(index)) }))
  order.sort((a, b) => (a.name < b.name ? -1 : 1))
  return (i) => {
    const { index, name } = order[i]
    const { names: labels } = setOf(land, seed, index)
    const inside = join(folder, name)
    if (!existsSync(labelsFile(inside, name))) writePatch(land, seed, index, inside, siteOf(index), labels)
    return {
      kind: "reference",
      archive: "bigearthnet",
      name,
      folder: inside,
      files: {},
      facts: {},
      labels,
      nomenclature: nomenclatureOf("43"),
      split: undefined
    }
  }
}

/**
 * Opens a folder for a miniature. Synchronous file access throughout.
 *
 * @throws DataError where the folder holds something else, or more patches are wanted than tiles hold
 */
export const openMiniature = (folder: string, options: MiniatureOptions): SentinelMiniature => {
  const { patches } = options
  checkSites(folder, patches)
  const facts = { kind: "bigearthnet", seed: options.seed, patches }
  const complete = beginMiniature(folder, facts)
  return {
    count: patches,
    complete,
    make: makerOf(folder, options),
    finish: () => finishMiniature(folder, facts)
  }
}
