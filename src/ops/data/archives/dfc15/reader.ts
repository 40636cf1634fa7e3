/** Reads DFC15; see `dfc15.ts` for its files. */
import type { Reader } from "../data-set.ts"
import { decodeImage } from "../shared/image.ts"
import { imagesIfWanted, numberOf } from "../shared/image-files.ts"
import { openImageSet, splitByFolder } from "../shared/image-set.ts"
import { labelledBy, labelsFile, readLabelTable } from "../shared/table-set.ts"
import { DFC15 } from "./classes.ts"

/** The second name is a misspelling in a public loader that has spread. */
const TABLES = ["multilabel.csv", "multlabel.csv", "multi-labels.csv"]

const FOLDERS = { train: "images_tr", test: "images_test" }

export const open: Reader["open"] = async (folder, { labels, labelsOnly }) => {
  const table = await readLabelTable(labelsFile(folder, labels, TABLES))
  return openImageSet({
    folder,
    classes: DFC15,
    images: await imagesIfWanted(labelsOnly, folder, Object.values(FOLDERS), numberOf),
    stem: numberOf,
    splitOf: splitByFolder(FOLDERS),
    ...labelledBy(table, DFC15)
  })
}

export const decode = decodeImage
