import { existsSync } from "node:fs"
import { join } from "node:path"
import { DataError } from "../../formats/data-error.ts"
import { readMatrix } from "../../formats/mat/read.ts"
import { endingBelow, firstNames, holds, holdsAny } from "./shared/glance.ts"
import { decodeImage } from "./shared/image.ts"
import { imagesIfWanted, imagesIn, nameOf } from "./shared/image-files.ts"
import { type LabelledNames, openImageSet } from "./shared/image-set.ts"
import type { ArchiveKind } from "./shared/kind.ts"
import { nomenclatureOf } from "./shared/nomenclatures.ts"
import { readArchiveFile } from "./shared/read-file.ts"
import { labelledBy, labelsFile, readLabelTable } from "./shared/table-set.ts"

const TABLES = ["multi-labels.csv", "LandUse_Multilabeled.txt", "LandUse_Multilabeled.mat"]

/** The matrix has a column per image and no names: its order is that of the images' names. */
const labelledByMatrix = async (
  file: string,
  images: ReadonlyMap<string, string>,
  classes: number
): Promise<{ readonly table: LabelledNames }> => {
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

/**
 * UC Merced Land Use (Yang and Newsam 2010) with the labels of Chaudhuri et al. (2018): 2,100 aerial images of nominally
 * 256 x 256 pixels (some are smaller), 17 classes. `Images/` holds the tifs, in folders by scene or not; labels stand in
 * `multi-labels.csv`, or as published in `LandUse_Multilabeled.txt` or `.mat`. No official split.
 */
export const ucm: ArchiveKind = {
  kind: "ucm",
  knows: ["labels"],
  about:
    "UC Merced Land Use with 17 labels: `Images/`, and `multi-labels.csv` or `LandUse_Multilabeled.txt` or `.mat`.",
  recognises: (folder) =>
    holds(folder, "Images") &&
    !existsSync(join(folder, "Labels")) &&
    holdsAny(folder, ...TABLES) &&
    (holdsAny(folder, ...TABLES.slice(1)) || endingBelow(join(folder, "Images")) === ".tif") &&
    !firstNames(folder, "folder").includes("ImagesPNG"),
  open: async (folder, { labels, labelsOnly }) => {
    const nomenclature = nomenclatureOf("UCM")
    const file = labelsFile(folder, labels, TABLES)
    const set = { kind: "ucm", folder, nomenclature }
    if (/\.mat$/i.test(file)) {
      const images = await imagesIn(folder, ["Images"])
      return openImageSet({ ...set, images, ...(await labelledByMatrix(file, images, nomenclature.classes.length)) })
    }
    const images = await imagesIfWanted(labelsOnly, folder, ["Images"])
    return openImageSet({ ...set, images, ...labelledBy(await readLabelTable(file), nomenclature, "ucm") })
  },
  decode: decodeImage
}
