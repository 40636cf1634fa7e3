import { join } from "node:path"
import { dividedBy } from "./shared/divided.ts"
import { endingBelow, holds, holdsAny } from "./shared/glance.ts"
import { decodeImage } from "./shared/image.ts"
import { imagesIfWanted, numberOf } from "./shared/image-files.ts"
import { openImageSet } from "./shared/image-set.ts"
import type { ArchiveKind } from "./shared/kind.ts"
import { nomenclatureOf } from "./shared/nomenclatures.ts"
import { labelledBy, labelsFile, readLabelTable } from "./shared/table-set.ts"

/** The second name is a slip of a public loader that has spread. */
const TABLES = ["multilabel.csv", "multlabel.csv", "multi-labels.csv"]
const FOLDERS = { train: "images_tr", test: "images_test" }

/**
 * DFC15 with the labels of Hua et al. (2019): 3,342 images of Zeebrugge, 600 x 600 pixels of 5 cm, 8 classes; 2,673 train
 * (`images_tr/`), 669 test (`images_test/`).
 */
export const dfc15: ArchiveKind = {
  kind: "dfc15",
  knows: ["labels"],
  about: "DFC15 with 8 labels: `images_tr/` and `images_test/` with numbered pngs; `multilabel.csv`.",
  recognises: (folder) =>
    holds(folder, "images_tr") && holdsAny(folder, ...TABLES) && endingBelow(join(folder, "images_tr")) === ".png",
  open: async (folder, { labels, labelsOnly }) => {
    const nomenclature = nomenclatureOf("DFC15")
    const table = await readLabelTable(labelsFile(folder, labels, TABLES))
    return openImageSet({
      kind: "dfc15",
      folder,
      nomenclature,
      images: await imagesIfWanted(labelsOnly, folder, Object.values(FOLDERS), numberOf),
      stem: numberOf,
      splitOf: dividedBy(FOLDERS),
      ...labelledBy(table, nomenclature, "dfc15")
    })
  },
  decode: decodeImage
}
