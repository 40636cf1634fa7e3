import { nomenclatureOf } from "../nomenclatures.ts"
import { decodeImage } from "./image.ts"
import { imagesIn } from "./image-files.ts"
import { openImageSet } from "./image-set.ts"
import type { ArchiveKind } from "./kind.ts"
import { labelledBy, labelsFile, readLabelTable } from "./table-set.ts"

/**
 * WHDLD (Shao et al. 2018, 2020): 4,940 images of Wuhan, 256 x 256 pixels of 2 m, 6 classes. `Images/` holds the jpgs,
 * `multi-labels.csv` the labels. No official split.
 */
export const whdld: ArchiveKind = {
  kind: "whdld",
  about: "WHDLD with 6 labels: `Images/`, and `multi-labels.csv`.",
  open: async (folder, { labels }) => {
    const nomenclature = nomenclatureOf("WHDLD")
    const table = await readLabelTable(labelsFile(folder, labels, ["multi-labels.csv"]))
    return openImageSet({
      kind: "whdld",
      folder,
      nomenclature,
      images: await imagesIn(folder, ["Images"]),
      ...labelledBy(table, nomenclature)
    })
  },
  decode: decodeImage
}
