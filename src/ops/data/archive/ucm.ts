import { nomenclatureOf } from "../nomenclatures.ts"
import { decodeImage } from "./image.ts"
import { imagesIn } from "./image-files.ts"
import { openImageSet } from "./image-set.ts"
import type { ArchiveKind } from "./kind.ts"
import { labelledBy, labelsFile, readLabelTable } from "./table-set.ts"

/**
 * UC Merced Land Use (Yang and Newsam 2010) with the labels of Chaudhuri et al. (2018): 2,100 aerial images of nominally
 * 256 x 256 pixels (some are smaller), 17 classes. `Images/` holds the tifs, in folders by scene or not; labels stand in
 * `multi-labels.csv` or in the original `LandUse_Multilabeled.txt`. No official split.
 */
export const ucm: ArchiveKind = {
  kind: "ucm",
  about: "UC Merced Land Use with 17 labels: `Images/`, and `multi-labels.csv` or `LandUse_Multilabeled.txt`.",
  open: async (folder, { labels }) => {
    const nomenclature = nomenclatureOf("UCM")
    const file = labelsFile(folder, labels, ["multi-labels.csv", "LandUse_Multilabeled.txt"])
    const images = await imagesIn(folder, ["Images"])
    return openImageSet({
      kind: "ucm",
      folder,
      nomenclature,
      images,
      ...labelledBy(await readLabelTable(file), nomenclature)
    })
  },
  decode: decodeImage
}
