import { existsSync } from "node:fs"
import { join } from "node:path"
import { endingBelow, holds } from "./shared/glance.ts"
import { decodeImage } from "./shared/image.ts"
import type { ArchiveKind } from "./shared/kind.ts"
import type { Legend } from "./shared/mask.ts"
import { openMaskedSet } from "./shared/mask-set.ts"
import { nomenclatureOf } from "./shared/nomenclatures.ts"

const NOMENCLATURE = nomenclatureOf("WHDLD")
const TABLE = "multi-labels.csv"
const MASKS = "ImagesPNG"

const classNamed = (name: string): number => NOMENCLATURE.classes.indexOf(name)

/** Values 1 to 6 of the masks, with their colours; some copies have another grey for bare soil. */
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

export const WHDLD_LEGEND: Legend = {
  classes: NOMENCLATURE.classes.length,
  ofValue: (value) => VALUES[value - 1],
  ofColour: (colour) => COLOURS.get(colour)
}

/**
 * WHDLD (Shao et al. 2018, 2020): 4,940 images of Wuhan, 256 x 256 pixels of 2 m, 6 classes. `Images/` holds the jpgs,
 * `multi-labels.csv` the labels; without it they are those classes that the masks in `ImagesPNG/` hold. No official split.
 */
export const whdld: ArchiveKind = {
  kind: "whdld",
  knows: ["labels", "threshold"],
  about: "WHDLD with 6 labels: `Images/`, and `multi-labels.csv` or masks in `ImagesPNG/`.",
  recognises: (folder) =>
    holds(folder, "Images", MASKS) ||
    (holds(folder, "Images", TABLE) && endingBelow(join(folder, "Images")) === ".jpg" && !holds(folder, "Labels")),
  open: (folder, options) => {
    const table = options.labels ?? (existsSync(join(folder, TABLE)) ? TABLE : undefined)
    const set = { kind: "whdld", folder, nomenclature: NOMENCLATURE, masks: MASKS, legend: WHDLD_LEGEND }
    return openMaskedSet({ ...set, table }, options)
  },
  decode: decodeImage
}
