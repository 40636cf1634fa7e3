import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { counted } from "../../../pipeline/words.ts"
import type { Band, PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { decodeTiffBands, type Raster } from "../../formats/tiff/read.ts"
import { unnamedBands } from "../patches/bands.ts"
import { holdsAny } from "./shared/glance.ts"
import { decodeRgb } from "./shared/image.ts"
import { imagesIn, nameOf, pathNameOf, pathOf, stemFor } from "./shared/image-files.ts"
import { openImageSet } from "./shared/image-set.ts"
import { type ArchiveKind, rawOf } from "./shared/kind.ts"
import { ownNomenclature } from "./shared/nomenclatures.ts"
import { readArchiveFile } from "./shared/read-file.ts"
import { labelledBy, labelsFile, readLabelTable } from "./shared/table-set.ts"

const TABLES = ["labels.csv", "multi-labels.csv", "labels.tsv"]

/** The bands of one image by the names that are given, else as those of any file. */
const named = (
  file: string,
  rasters: ReadonlyArray<Raster>,
  given: ReadonlyArray<string> | undefined
): ReadonlyArray<Band> => {
  const names = given ?? unnamedBands(rasters.length, rasters[0].dtype)
  if (names.length === rasters.length) return rasters.map((raster, i) => ({ ...raster, name: names[i] }))
  throw new DataError({
    subject: file,
    problem: `has ${counted(rasters.length, "band")}, but ${counted(names.length, "name is", "names are")} given (${names.join(", ")})`,
    remedy: "Give `bands` a name for each band of the images"
  })
}

/**
 * How the patches of a folder are named by their files, where it is an archive of one's own; `undefined` where it is not.
 * Of a table that cannot be read they are named by stem: opening the archive says why.
 */
export const ownNames = async (
  path: string,
  labels: string | undefined
): Promise<((file: string) => string) | undefined> => {
  const named = labels !== undefined && /\.(csv|tsv)$/i.test(labels) && existsSync(resolve(path, labels))
  if (!named && !folder.recognises(path)) return undefined
  try {
    const { names } = await readLabelTable(labelsFile(path, labels, TABLES))
    return stemFor(names) === pathOf ? pathNameOf : nameOf
  } catch (cause) {
    if (cause instanceof DataError) return nameOf
    throw cause
  }
}

/**
 * The bands of one image of an archive of one's own.
 *
 * @param given names of its bands
 * @returns rejects with DataError where it cannot be read, or has other than `given` bands
 */
export const decodeOwn = async (
  file: string,
  given: ReadonlyArray<string> | undefined
): Promise<ReadonlyArray<Band>> => {
  const bytes = await readArchiveFile(file, "is missing: the patch's image")
  const read = /\.tiff?$/i.test(file) ? decodeTiffBands : decodeRgb
  return named(file, await read(bytes, file), given)
}

const decode = async (reference: PatchRef): Promise<RawPatch> => {
  const { facts, files, folder } = reference
  const names = facts.bands === undefined ? undefined : (JSON.parse(facts.bands) as ReadonlyArray<string>)
  return rawOf(reference, await decodeOwn(join(folder, files.image), names))
}

/**
 * An archive of one's own: images anywhere below a folder (jpg and png as three colours of 8 bits; tif with any bands and
 * pixel type), and a table `labels.csv` with a header `image,CLASS,...` and a row of 0 and 1 per image. Images are named by
 * stem, or by path where a name of the table has a folder: patches then are too. The header is the class list.
 */
export const folder: ArchiveKind = {
  kind: "folder",
  knows: ["bands", "labels"],
  about: "Your own: any images below a folder, and `labels.csv` with a header `image,CLASS,...` and rows of 0 and 1.",
  recognises: (path) =>
    holdsAny(path, "labels.csv", "labels.tsv") && !holdsAny(path, "images.npy", "images.safetensors"),
  open: async (path, { bands, labels }) => {
    const table = await readLabelTable(labelsFile(path, labels, TABLES))
    const stem = stemFor(table.names)
    const nomenclature = ownNomenclature(table.classes)
    return openImageSet({
      kind: "folder",
      folder: path,
      nomenclature,
      images: await imagesIn(path, [""], stem),
      stem,
      patchName: stem === pathOf ? pathNameOf : nameOf,
      factsOf: () => (bands === undefined ? {} : { bands: JSON.stringify(bands) }),
      ...labelledBy(table, nomenclature, "folder")
    })
  },
  decode
}
