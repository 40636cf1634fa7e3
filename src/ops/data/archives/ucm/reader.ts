/** Reads UC Merced Land Use; see `ucm.ts` for its files. */
import { DataError } from "../../../formats/data-error.ts"
import { readMatrix } from "../../../formats/mat/read.ts"
import type { Reader } from "../data-set.ts"
import { decodeImage } from "../shared/image.ts"
import { imagesIfWanted, imagesIn, nameOf } from "../shared/image-files.ts"
import { type LabelledNames, openImageSet } from "../shared/image-set.ts"
import { readArchiveFile } from "../shared/read-file.ts"
import { labelledBy, labelsFile, readLabelTable } from "../shared/table-set.ts"
import { UCM } from "./classes.ts"

const TABLES = ["multi-labels.csv", "LandUse_Multilabeled.txt", "LandUse_Multilabeled.mat"]

/** The matrix has one column per image and no names: its columns are in the order of the images' names. */
const labelledByMatrix = async (
  file: string,
  images: ReadonlyMap<string, string>
): Promise<{ readonly table: LabelledNames }> => {
  const classes = UCM.classes.length
  const { columns, rows, values } = readMatrix(await readArchiveFile(file, "is missing: the labels"), file, "labels")
  const names = [...images.keys()].sort().map((key) => nameOf(images.get(key) ?? key))
  if (rows !== classes || columns !== names.length || !values.every((value) => value === 0 || value === 1)) {
    throw new DataError({
      subject: file,
      problem: `holds ${rows} x ${columns} numbers, expected 0 and 1 for ${classes} classes x ${names.length} images`,
      remedy: "A matrix names no images: all of them must be there. Or give the table with names (txt or csv)"
    })
  }
  const labelsOf = (row: number) => Uint8Array.from({ length: classes }, (_, c) => values[c * columns + row])
  return { table: { names, labelsOf } }
}

export const open: Reader["open"] = async (folder, { labels, labelsOnly }) => {
  const file = labelsFile(folder, labels, TABLES)
  if (/\.mat$/i.test(file)) {
    const images = await imagesIn(folder, ["Images"])
    return openImageSet({ folder, classes: UCM, images, ...(await labelledByMatrix(file, images)) })
  }
  const images = await imagesIfWanted(labelsOnly, folder, ["Images"])
  return openImageSet({ folder, classes: UCM, images, ...labelledBy(await readLabelTable(file), UCM) })
}

export const decode = decodeImage
