import { existsSync } from "node:fs"
import { join } from "node:path"
import { endingBelow, holds } from "./shared/glance.ts"
import { decodeImage } from "./shared/image.ts"
import type { ArchiveKind } from "./shared/kind.ts"
import type { Legend } from "./shared/mask.ts"
import { openMaskedSet } from "./shared/mask-set.ts"
import { nomenclatureOf } from "./shared/nomenclatures.ts"

const NOMENCLATURE = nomenclatureOf("DLRSD")
const TABLES = ["multi-labels.csv", "LandUse_Multilabeled.txt"]
const MASKS = "Labels"

/** Values 1 to 17 in the order of the classes; masks are palettes, so that their colours do not count. */
export const DLRSD_LEGEND: Legend = {
  classes: NOMENCLATURE.classes.length,
  ofValue: (value) => (value >= 1 && value <= NOMENCLATURE.classes.length ? value - 1 : undefined),
  ofColour: () => undefined
}

/**
 * DLRSD (Shao, Yang, Zhou 2018): UC Merced's 2,100 images with masks of 17 classes in `Labels/`, in folders by scene as the
 * images are. Its labels are those of UCM where their table lies beside; otherwise the classes that the masks hold, which
 * is not quite the same.
 */
export const dlrsd: ArchiveKind = {
  kind: "dlrsd",
  knows: ["labels", "threshold"],
  about: "DLRSD with 17 labels: `Images/`, and UCM's table of labels or masks in `Labels/`.",
  recognises: (folder) => holds(folder, "Images", MASKS) && endingBelow(join(folder, MASKS)) === ".png",
  open: (folder, options) => {
    const table = options.labels ?? TABLES.find((name) => existsSync(join(folder, name)))
    const set = { kind: "dlrsd", folder, nomenclature: NOMENCLATURE, masks: MASKS, legend: DLRSD_LEGEND }
    return openMaskedSet({ ...set, table }, options)
  },
  decode: decodeImage
}
