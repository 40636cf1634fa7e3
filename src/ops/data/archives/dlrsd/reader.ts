/** Reads DLRSD; see `dlrsd.ts` for its files. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Reader } from "../data-set.ts"
import { decodeImage } from "../shared/image.ts"
import type { Legend } from "../shared/mask.ts"
import { openMaskedSet } from "../shared/mask-set.ts"
import { DLRSD } from "./classes.ts"

/** Values 1 to 17 in the order of the classes. The colours of the palettes do not matter. */
export const DLRSD_LEGEND: Legend = {
  classes: DLRSD.classes.length,
  ofValue: (value) => (value >= 1 && value <= DLRSD.classes.length ? value - 1 : undefined),
  ofColour: () => undefined
}

export const open: Reader["open"] = (folder, options) => {
  const tables = ["multi-labels.csv", "LandUse_Multilabeled.txt"]
  const table = options.labels ?? tables.find((name) => existsSync(join(folder, name)))
  return openMaskedSet({ folder, classes: DLRSD, masks: "Labels", legend: DLRSD_LEGEND, table }, options)
}

export const decode = decodeImage
