import { join } from "node:path"
import { dataSet } from "../data-set.ts"
import { firstNames, holds } from "../shared/glance.ts"
import { MLRSNET } from "./classes.ts"

/**
 * MLRSNet.
 *
 * - 109,161 images of 46 categories, three colours as uint8, 256 x 256 pixels of 0.1 to 10 m.
 * - On disk: jpgs in `Images/CATEGORY/`, labels in `labels/CATEGORY.csv`. The tables order their columns differently, so
 *   columns are read by name.
 * - Classes: 60, from `airplane` to `wind turbine`.
 * - Splits: none official.
 *
 * Qi et al., "MLRSNet: A Multi-Label High Spatial Resolution Remote Sensing Dataset for Semantic Scene Understanding" (ISPRS
 * Journal 2020). The published counts are those of the label files of 2020-06-30.
 */
export const mlrsnet = dataSet({
  name: "mlrsnet",
  about: "MLRSNet with 60 labels: `Images/CATEGORY/`, and `labels/CATEGORY.csv`.",
  classes: [MLRSNET],
  published: {
    source: "MLRSNet's label files of 2020-06-30",
    patches: 109_161,
    labelsPerPatch: {
      "0": 10,
      "1": 3_207,
      "2": 13_697,
      "3": 16_977,
      "4": 13_222,
      "5": 16_461,
      "6": 16_009,
      "7": 12_467,
      "8": 8_690,
      "9": 6_373,
      "10": 1_612,
      "11": 388,
      "12": 46,
      "13": 2
    }
  },
  masks: undefined,
  options: ["labels"],
  recognises: (folder) =>
    holds(folder, "Images") &&
    ["labels", "Labels"].some((name) => firstNames(join(folder, name), "file").some((file) => file.endsWith(".csv"))),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
