import type { Split } from "../../elements.ts"
import { nomenclatureOf } from "../nomenclatures.ts"
import { decodeImage } from "./image.ts"
import { imagesIn } from "./image-files.ts"
import { openImageSet } from "./image-set.ts"
import type { ArchiveKind } from "./kind.ts"
import { labelledBy, labelsFile, readLabelTable, usualFolder } from "./table-set.ts"

/** Folders of images that are told by the first part of a path. */
const divided =
  (training: string, testing: string) =>
  (file: string): Split | undefined => {
    const top = file.slice(0, file.indexOf("/"))
    return top === training ? "train" : top === testing ? "test" : undefined
  }

/**
 * AID with the labels of Hua et al. (2019): 3,000 aerial images of 600 x 600 pixels, the 17 classes of UCM. The folder that
 * an image stands in is its split: `images_tr/` (2,400) and `images_test/` (600), or `train/` and `test/`.
 */
export const aid: ArchiveKind = {
  kind: "aid",
  about: "AID with 17 labels: `images_tr/` and `images_test/`, or `train/` and `test/`; `multilabel.csv`.",
  open: async (folder, { labels }) => {
    const nomenclature = nomenclatureOf("AID")
    const file = labelsFile(folder, labels, ["multi-labels.csv", "multilabel.csv"])
    const training = usualFolder(folder, ["images_tr", "train"])
    const testing = usualFolder(folder, ["images_test", "test"])
    return openImageSet({
      kind: "aid",
      folder,
      nomenclature,
      images: await imagesIn(folder, [training, testing]),
      splitOf: divided(training, testing),
      ...labelledBy(await readLabelTable(file), nomenclature)
    })
  },
  decode: decodeImage
}
