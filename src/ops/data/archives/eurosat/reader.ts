/** Reads EuroSAT; see `eurosat.ts` for its files. */
import { join } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import { decodeTiffBands } from "../../../formats/tiff/read.ts"
import { listFindings } from "../../audit/name-findings.ts"
import { splitsByStem } from "../../splits/division.ts"
import type { Reader } from "../data-set.ts"
import { decodeImage } from "../shared/image.ts"
import { imagesIn, nameOf, stemOf } from "../shared/image-files.ts"
import { openImageSet } from "../shared/image-set.ts"
import { byText, listFolder, readArchiveFile } from "../shared/read-file.ts"
import { readArchiveLists } from "../shared/split-lists.ts"
import { EUROSAT, EUROSAT_BANDS, holdsClasses } from "./names.ts"

/** Lists as torchgeo's copy has them. */
const LISTS = { train: "eurosat-train.txt", val: "eurosat-val.txt", test: "eurosat-test.txt" }

/** The class is the folder that holds the image. */
const categoryOf = (folder: string, file: string): number => {
  const category = file.split("/").at(-2) ?? ""
  const index = EUROSAT.classes.indexOf(category)
  if (index >= 0) return index
  throw new DataError({
    subject: join(folder, file),
    problem: `is in the folder ${category === "" ? "of the archive itself" : category}, which is not a class of EuroSAT`,
    remedy: "Give the folder that holds `AnnualCrop` and the other classes"
  })
}

const decodeSentinel: Reader["decode"] = async (reference, { maxValues }) => {
  const file = join(reference.folder, reference.files.image)
  const rasters = await decodeTiffBands(await readArchiveFile(file, "is missing: the patch's image"), file, maxValues)
  if (rasters.length !== EUROSAT_BANDS.length || rasters[0].dtype !== "uint16") {
    throw new DataError({
      subject: file,
      problem: `has ${rasters.length} bands of ${rasters[0].dtype}, expected ${EUROSAT_BANDS.length} of uint16`,
      remedy: "Download the archive again: the file does not belong to EuroSAT"
    })
  }
  return rasters.map((raster, i) => ({ name: EUROSAT_BANDS[i], ...raster }))
}

/** Refuses a folder with jpgs and tifs, which holds every image twice. */
const checkOne = async (folder: string): Promise<void> => {
  const remedy = "Give the folder that holds the classes"
  const inner = await listFolder(folder, remedy)
  const sets = inner.filter((entry) => entry.folder && holdsClasses(join(folder, entry.name))).map(({ name }) => name)
  if (sets.length < 2) return
  throw new DataError({
    subject: folder,
    problem: `holds EuroSAT ${sets.length} times (${sets.join(", ")})`,
    remedy: "Give one of these folders"
  })
}

export const open: Reader["open"] = async (folder) => {
  await checkOne(folder)
  const images = await imagesIn(folder, [""])
  const files = [...images.values()].sort((a, b) => byText(nameOf(a), nameOf(b)))
  const categories = files.map((file) => categoryOf(folder, file))
  const lists = readArchiveLists(folder, LISTS)
  const parts = splitsByStem(lists, stemOf)
  return openImageSet({
    folder,
    classes: EUROSAT,
    images,
    table: {
      names: files.map(nameOf),
      labelsOf: (row) => Uint8Array.from(EUROSAT.classes, (_, i) => (i === categories[row] ? 1 : 0))
    },
    splitOf: (file) => parts.get(stemOf(file)),
    findings: listFindings(lists, files.map(nameOf))
  })
}

export const decode: Reader["decode"] = (reference, options) =>
  (/\.tiff?$/i.test(reference.files.image) ? decodeSentinel : decodeImage)(reference, options)
