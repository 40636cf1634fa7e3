import { join } from "node:path"
import { byClass, dataSet } from "../data-set.ts"
import { endingBelow, holds, holdsAny } from "../shared/glance.ts"
import { DFC15 } from "./classes.ts"

/**
 * DFC15, with multi-labels.
 *
 * - 3,342 aerial images of Zeebrugge, three colours as uint8, 600 x 600 pixels of 5 cm.
 * - On disk: numbered pngs in `images_tr/` and `images_test/`; labels in `multilabel.csv`. Some numbers are padded with
 *   zeros in file names, never in the table.
 * - Classes: 8, from `impervious` to `car`.
 * - Splits: the folder of an image is its split; 2,673 images train, 669 test.
 *
 * IEEE GRSS Data Fusion Contest 2015; labels: Hua et al., "Relation Network for Multilabel Aerial Image Classification"
 * (IEEE TGRS 2020).
 */
export const dfc15 = dataSet({
  name: "dfc15",
  about: "DFC15 with 8 labels: `images_tr/` and `images_test/` with numbered pngs; `multilabel.csv`.",
  classes: [DFC15],
  published: {
    source: "the labels of Hua et al. (2019)",
    patches: 3_342,
    distinctSets: 65,
    splits: { train: 2_673, test: 669 },
    classes: byClass(DFC15, [3_133, 998, 1_891, 1_086, 1_001, 258, 270, 705]),
    labelsPerPatch: { "2": 1_680, "3": 886, "4": 570, "5": 192, "6": 14 }
  },
  masks: undefined,
  options: ["labels"],
  recognises: (folder) =>
    holds(folder, "images_tr") &&
    holdsAny(folder, "multilabel.csv", "multlabel.csv", "multi-labels.csv") &&
    endingBelow(join(folder, "images_tr")) === ".png",
  reader: () => import("./reader.ts"),
  miniature: () => import("./miniature.ts"),
  variants: {}
})
