import { join } from "node:path"
import { dataSet } from "../data-set.ts"
import { endingBelow, holds } from "../shared/glance.ts"
import { DLRSD } from "./classes.ts"

/** Folder of the masks. */
const MASKS = "Labels"

/**
 * DLRSD: dense labels for UC Merced Land Use.
 *
 * - UC Merced's 2,100 images, and a mask for each: a png with a palette, values 1 to 17 in the order of the classes.
 * - On disk: tifs below `Images/`, masks below `Labels/`, both in folders by scene; labels from UC Merced's table if it lies
 *   beside them, otherwise from the masks, which gives slightly different labels.
 * - Classes: the 17 of UC Merced.
 * - Splits: none official.
 *
 * Shao, Yang and Zhou, "Performance Evaluation of Single-Label and Multi-Label Remote Sensing Image Retrieval Using a Dense
 * Labeling Dataset" (Remote Sensing 2018).
 */
export const dlrsd = dataSet({
  name: "dlrsd",
  about: "DLRSD with 17 labels: `Images/`, and UCM's table of labels or masks in `Labels/`.",
  classes: [DLRSD],
  published: { source: "Shao, Yang and Zhou (2018)", patches: 2_100 },
  masks: MASKS,
  options: ["labels", "threshold"],
  recognises: (folder) => holds(folder, "Images", MASKS) && endingBelow(join(folder, MASKS)) === ".png",
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
