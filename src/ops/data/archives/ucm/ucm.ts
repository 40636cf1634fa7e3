import { existsSync } from "node:fs"
import { join } from "node:path"
import { byClass, dataSet } from "../data-set.ts"
import { endingBelow, firstNames, holds, holdsAny } from "../shared/glance.ts"
import { UCM } from "./classes.ts"

/**
 * UC Merced Land Use, with multi-labels.
 *
 * - 2,100 aerial images of 21 scenes, 100 each; three colours as uint8, 256 x 256 pixels of 0.3 m (some are a few pixels
 *   smaller).
 * - On disk: tifs below `Images/`, in folders by scene or not; labels in `multi-labels.csv`, or as published in
 *   `LandUse_Multilabeled.txt` or `.mat`.
 * - Classes: 17, from `airplane` to `water`.
 * - Splits: none official. The original draws them with numpy's generator, as `split: { by: draw }` does.
 *
 * Yang and Newsam, "Bag-of-Visual-Words and Spatial Extensions for Land-Use Classification" (ACM SIGSPATIAL 2010); labels:
 * Chaudhuri et al., "Multilabel Remote Sensing Image Retrieval Using a Semisupervised Graph-Theoretic Method" (IEEE TGRS
 * 2018).
 */
export const ucm = dataSet({
  name: "ucm",
  about:
    "UC Merced Land Use with 17 labels: `Images/`, and `multi-labels.csv` or `LandUse_Multilabeled.txt` or `.mat`.",
  classes: [UCM],
  published: {
    source: "the labels of Chaudhuri et al. (2018)",
    patches: 2_100,
    distinctSets: 202,
    classes: byClass(UCM, [100, 718, 691, 886, 115, 105, 100, 103, 975, 102, 1_300, 294, 100, 102, 100, 1_009, 203]),
    labelsPerPatch: { "1": 224, "2": 426, "3": 512, "4": 442, "5": 365, "6": 119, "7": 12 }
  },
  masks: undefined,
  options: ["labels"],
  recognises: (folder) =>
    holds(folder, "Images") &&
    !existsSync(join(folder, "Labels")) &&
    !firstNames(folder, "folder").includes("ImagesPNG") &&
    (holdsAny(folder, "LandUse_Multilabeled.txt", "LandUse_Multilabeled.mat") ||
      (holds(folder, "multi-labels.csv") && endingBelow(join(folder, "Images")) === ".tif")),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
