import { join } from "node:path"
import { dataSet } from "../data-set.ts"
import { endingBelow, holds } from "../shared/glance.ts"
import { WHDLD } from "./classes.ts"

/** Folder of the masks. */
const MASKS = "ImagesPNG"

/**
 * WHDLD: the Wuhan dense labelling data set.
 *
 * - 4,940 satellite images of Wuhan, three colours as uint8, 256 x 256 pixels of 2 m, and a mask for each: a png with a
 *   palette, values 1 to 6.
 * - On disk: jpgs in `Images/`, masks in `ImagesPNG/`; labels in `multi-labels.csv`, or without it from the masks.
 * - Classes: 6, from `Bare Soil` to `Water`.
 * - Splits: none official. The original draws them with numpy's generator, as `split: { by: draw }` does.
 *
 * Shao, Yang and Zhou, "Performance Evaluation of Single-Label and Multi-Label Remote Sensing Image Retrieval Using a Dense
 * Labeling Dataset" (Remote Sensing 2018); Shao et al., "Multilabel Remote Sensing Image Retrieval Based on Fully
 * Convolutional Network" (IEEE JSTARS 2020).
 */
export const whdld = dataSet({
  name: "whdld",
  about: "WHDLD with 6 labels: `Images/`, and `multi-labels.csv` or masks in `ImagesPNG/`.",
  classes: [WHDLD],
  published: { source: "Shao et al. (2018)", patches: 4_940 },
  masks: MASKS,
  options: ["labels", "threshold"],
  recognises: (folder) =>
    holds(folder, "Images", MASKS) ||
    (holds(folder, "Images", "multi-labels.csv") &&
      endingBelow(join(folder, "Images")) === ".jpg" &&
      !holds(folder, "Labels")),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
