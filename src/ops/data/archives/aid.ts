import { existsSync } from "node:fs"
import { join } from "node:path"
import { dividedBy } from "./shared/divided.ts"
import { endingBelow, holds, holdsAny } from "./shared/glance.ts"
import { decodeImage } from "./shared/image.ts"
import { imagesIfWanted } from "./shared/image-files.ts"
import { openImageSet } from "./shared/image-set.ts"
import type { ArchiveKind } from "./shared/kind.ts"
import { nomenclatureOf } from "./shared/nomenclatures.ts"
import { labelledBy, labelsFile, readLabelTable } from "./shared/table-set.ts"

const TABLES = ["multi-labels.csv", "multilabel.csv"]

/** As published, and as the original has it. */
const foldersOf = (folder: string) =>
  existsSync(join(folder, "images_tr"))
    ? { train: "images_tr", test: "images_test" }
    : existsSync(join(folder, "val"))
      ? { train: "train", val: "val", test: "test" }
      : { train: "train", test: "test" }

/**
 * AID with the labels of Hua et al. (2019): 3,000 aerial images of 600 x 600 pixels, the 17 classes of UCM. The folder that
 * an image stands in is its split: `images_tr/` (2,400) and `images_test/` (600), or `train/`, `test/` and, if it is
 * there, `val/`.
 */
export const aid: ArchiveKind = {
  kind: "aid",
  knows: ["labels"],
  about: "AID with 17 labels: `images_tr/` and `images_test/`, or `train/` and `test/`; `multilabel.csv`.",
  recognises: (folder) =>
    holdsAny(folder, ...TABLES) &&
    ((holds(folder, "images_tr") && endingBelow(join(folder, "images_tr")) === ".jpg") ||
      holds(folder, "train", "test")),
  open: async (folder, { labels, labelsOnly }) => {
    const nomenclature = nomenclatureOf("AID")
    const table = await readLabelTable(labelsFile(folder, labels, TABLES))
    const folders = foldersOf(folder)
    return openImageSet({
      kind: "aid",
      folder,
      nomenclature,
      images: await imagesIfWanted(labelsOnly, folder, Object.values(folders)),
      splitOf: dividedBy(folders),
      ...labelledBy(table, nomenclature, "aid")
    })
  },
  decode: decodeImage
}
