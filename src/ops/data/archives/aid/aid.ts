import { join } from "node:path"
import { byClass, dataSet } from "../data-set.ts"
import { endingBelow, holds, holdsAny } from "../shared/glance.ts"
import { AID } from "./classes.ts"

/**
 * AID, with multi-labels.
 *
 * - 3,000 aerial images of 30 scenes, three colours as uint8, 600 x 600 pixels of 0.5 to 8 m.
 * - On disk: jpgs in `images_tr/` and `images_test/`, in folders by scene, or in `train/`, `test/` and, if it exists,
 *   `val/`; labels in `multilabel.csv` or `multi-labels.csv`.
 * - Classes: the 17 of UC Merced.
 * - Splits: the folder of an image is its split; 2,400 images train, 600 test.
 *
 * Xia et al., "AID: A Benchmark Data Set for Performance Evaluation of Aerial Scene Classification" (IEEE TGRS 2017);
 * labels: Hua et al., "Relation Network for Multilabel Aerial Image Classification" (IEEE TGRS 2020).
 */
export const aid = dataSet({
  name: "aid",
  about: "AID with 17 labels: `images_tr/` and `images_test/`, or `train/` and `test/`; `multilabel.csv`.",
  classes: [AID],
  published: {
    source: "the labels of Hua et al. (2019)",
    patches: 3_000,
    distinctSets: 297,
    splits: { train: 2_400, test: 600 },
    classes: byClass(
      AID,
      [99, 1_475, 2_161, 2_026, 112, 344, 271, 214, 2_295, 2, 2_328, 259, 221, 284, 108, 2_406, 852]
    )
  },
  masks: undefined,
  options: ["labels"],
  recognises: (folder) =>
    holdsAny(folder, "multi-labels.csv", "multilabel.csv") &&
    ((holds(folder, "images_tr") && endingBelow(join(folder, "images_tr")) === ".jpg") ||
      holds(folder, "train", "test")),
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
