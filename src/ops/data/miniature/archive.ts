/** A miniature archive on disk: laid out as BigEarthNet v1, made patch by patch, resumable. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { random } from "../../../pipeline/random.ts"
import type { PatchRef } from "../../elements.ts"
import { writeFileAtomic } from "../../files.ts"
import { S2_BANDS } from "../bands.ts"
import { DataError } from "../errors.ts"
import { encodeGeoTiff } from "../geotiff-write.ts"
import { KNOBS } from "./knobs.ts"
import { drawLand, type Land } from "./land.ts"
import { drawPatch } from "./patch.ts"
import { cornersOf, epsgOf, MAX_SITES, metadataOf, nameOf, type Site, siteOf } from "./scenes.ts"

export interface MiniatureOptions {
  readonly seed: number
  readonly patches: number
}

/** Written first, without `complete`; and last, with it. */
const MANIFEST = "miniature.json"

const manifest = (options: MiniatureOptions, complete: boolean): string =>
  `${JSON.stringify({ kind: "bigearthnet", ...options, knobs: KNOBS, complete }, undefined, 2)}\n`

/** A miniature whose folder is ready; `make` gives patch `i` of `count`, in the order of their names. */
export interface Miniature {
  readonly count: number
  /** True where the folder holds every patch already. */
  readonly complete: boolean
  readonly make: (i: number) => PatchRef
  /** Marks the archive as whole. */
  readonly finish: () => void
}

const refuse = (folder: string, problem: string): never => {
  throw new DataError({ subject: folder, problem, remedy: "Choose another folder (`to`) or delete this one" })
}

/** Whether the folder's archive is whole. Refuses a folder that holds anything but this very miniature. */
const begin = (folder: string, options: MiniatureOptions): boolean => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, MANIFEST)
  if (existsSync(path)) {
    const found = readFileSync(path, "utf8")
    if (found === manifest(options, true)) return true
    if (found !== manifest(options, false)) refuse(folder, "holds a miniature made with other parameters")
    return false
  }
  if (readdirSync(folder).some((name) => !name.endsWith(".partial")))
    refuse(folder, "holds files that are no miniature")
  writeFileAtomic(path, manifest(options, false))
  return false
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

/**
 * Opens a folder for a miniature. Synchronous file access throughout.
 *
 * @throws DataError where the folder holds something else, or more patches are wanted than there are names
 */
export const openMiniature = (folder: string, options: MiniatureOptions): Miniature => {
  const { seed, patches } = options
  if (patches > MAX_SITES) {
    throw new DataError({
      subject: folder,
      problem: `cannot hold ${patches} patches: a miniature has names for ${MAX_SITES}`,
      remedy: "Set `patches` lower"
    })
  }
  const complete = begin(folder, options)
  const land = drawLand(seed)
  const order = Array.from({ length: patches }, (_, index) => ({ index, name: nameOf(siteOf(index)) }))
  order.sort((a, b) => (a.name < b.name ? -1 : 1))
  const make = (i: number): PatchRef => {
    const { index, name } = order[i]
    const { names: labels } = setOf(land, seed, index)
    const inside = join(folder, name)
    if (!complete && !existsSync(labelsFile(inside, name))) writePatch(land, seed, index, inside, siteOf(index), labels)
    return { kind: "reference", name, folder: inside, labels, split: undefined }
  }
  return {
    count: patches,
    complete,
    make,
    finish: () => writeFileAtomic(join(folder, MANIFEST), manifest(options, true))
  }
}
