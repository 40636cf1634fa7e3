/** Reads AID; see `aid.ts` for its files. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Reader } from "../data-set.ts"
import { decodeImage } from "../shared/image.ts"
import { imagesIfWanted } from "../shared/image-files.ts"
import { openImageSet, splitByFolder } from "../shared/image-set.ts"
import { labelledBy, labelsFile, readLabelTable } from "../shared/table-set.ts"
import { AID } from "./classes.ts"

/** As published, and as the original has them. */
const foldersOf = (folder: string) =>
  existsSync(join(folder, "images_tr"))
    ? { train: "images_tr", test: "images_test" }
    : existsSync(join(folder, "val"))
      ? { train: "train", val: "val", test: "test" }
      : { train: "train", test: "test" }

export const open: Reader["open"] = async (folder, { labels, labelsOnly }) => {
  const table = await readLabelTable(labelsFile(folder, labels, ["multi-labels.csv", "multilabel.csv"]))
  const folders = foldersOf(folder)
  return openImageSet({
    folder,
    classes: AID,
    images: await imagesIfWanted(labelsOnly, folder, Object.values(folders)),
    splitOf: splitByFolder(folders),
    ...labelledBy(table, AID)
  })
}

export const decode = decodeImage
