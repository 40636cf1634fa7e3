/** Reads WHDLD; see `whdld.ts` for its files. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Reader } from "../data-set.ts"
import { decodeImage } from "../shared/image.ts"
import type { Legend } from "../shared/mask.ts"
import { openMaskedSet } from "../shared/mask-set.ts"
import { WHDLD } from "./classes.ts"

const classNamed = (name: string): number => WHDLD.classes.indexOf(name)

/** Values 1 to 6 of the masks, and their colours. Some copies have another grey for bare soil. */
const VALUES = ["Building", "Road", "Pavement", "Vegetation", "Bare Soil", "Water"].map(classNamed)
const COLOURS = new Map([
  [0xff0000, classNamed("Building")],
  [0xffff00, classNamed("Road")],
  [0xc0c000, classNamed("Pavement")],
  [0x00ff00, classNamed("Vegetation")],
  [0x808080, classNamed("Bare Soil")],
  [0x7d7d7d, classNamed("Bare Soil")],
  [0x0000ff, classNamed("Water")]
])

/** Classes of the masks by value and by colour. */
export const WHDLD_LEGEND: Legend = {
  classes: WHDLD.classes.length,
  ofValue: (value) => VALUES[value - 1],
  ofColour: (colour) => COLOURS.get(colour)
}

export const open: Reader["open"] = (folder, options) => {
  const usual = "multi-labels.csv"
  const table = options.labels ?? (existsSync(join(folder, usual)) ? usual : undefined)
  return openMaskedSet({ folder, classes: WHDLD, masks: "ImagesPNG", legend: WHDLD_LEGEND, table }, options)
}

export const decode = decodeImage
