import { existsSync } from "node:fs"
import { join } from "node:path"
import type { PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { decodeTiffBands } from "../../formats/tiff/read.ts"
import { listFindings } from "../audit/name-findings.ts"
import { type Lists, splitsByStem } from "../splits/division.ts"
import { readSplitFile } from "../splits/name-lists.ts"
import { firstNames } from "./shared/glance.ts"
import { decodeImage } from "./shared/image.ts"
import { imagesIn, nameOf, stemOf } from "./shared/image-files.ts"
import { openImageSet } from "./shared/image-set.ts"
import { type ArchiveKind, rawOf } from "./shared/kind.ts"
import { nomenclatureOf } from "./shared/nomenclatures.ts"
import { byText, listFolder, readArchiveFile } from "./shared/read-file.ts"

const NOMENCLATURE = nomenclatureOf("EuroSAT")

/** The order inside the tifs: B8A stands last. */
export const EUROSAT_BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11", "B12", "B8A"]

/** Lists as torchgeo's copy has them; some archives have none. */
const LISTS = [
  ["train", "eurosat-train.txt"],
  ["val", "eurosat-val.txt"],
  ["test", "eurosat-test.txt"]
] as const

const readLists = (folder: string): Lists =>
  Object.fromEntries(
    LISTS.filter(([, name]) => existsSync(join(folder, name))).map(([split, name]) => [
      split,
      readSplitFile(join(folder, name), split)
    ])
  )

/** Whether a file is named as EuroSAT's are: `Forest_12.tif`. */
export const isEurosatFile = (stem: string): boolean =>
  NOMENCLATURE.classes.some((name) => stem.startsWith(`${name}_`) && /^\d+$/.test(stem.slice(name.length + 1)))

/** The class is the folder that an image stands in. */
const categoryOf = (folder: string, file: string): number => {
  const category = file.split("/").at(-2) ?? ""
  const index = NOMENCLATURE.classes.indexOf(category)
  if (index >= 0) return index
  throw new DataError({
    subject: join(folder, file),
    problem: `stands in the folder ${category === "" ? "of the archive itself" : category}, which is no class of EuroSAT`,
    remedy: "Give the folder that holds `AnnualCrop` and the other classes"
  })
}

const decodeSentinel = async (reference: PatchRef): Promise<RawPatch> => {
  const file = join(reference.folder, reference.files.image)
  const rasters = await decodeTiffBands(await readArchiveFile(file, "is missing: the patch's image"), file)
  if (rasters.length !== EUROSAT_BANDS.length || rasters[0].dtype !== "uint16") {
    throw new DataError({
      subject: file,
      problem: `has ${rasters.length} bands of ${rasters[0].dtype}, expected ${EUROSAT_BANDS.length} of uint16`,
      remedy: "Get the archive anew: the file is not of EuroSAT"
    })
  }
  return rawOf(
    reference,
    rasters.map((raster, i) => ({ name: EUROSAT_BANDS[i], ...raster }))
  )
}

/** Copies that hold the jpgs and the tifs have every image twice. */
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

const holdsClasses = (folder: string, depth = 7): boolean => {
  const inner = firstNames(folder, "folder")
  if (inner.includes("AnnualCrop")) return true
  return (
    depth > 0 && inner.length > 0 && inner.length < 4 && inner.some((one) => holdsClasses(join(folder, one), depth - 1))
  )
}

/**
 * EuroSAT (Helber et al. 2019): 27,000 patches of Sentinel-2, 64 x 64 pixels, one of 10 classes each, which is the name of
 * the folder they stand in, however deep; jpgs of three colours, or tifs of 13 bands.
 */
export const eurosat: ArchiveKind = {
  kind: "eurosat",
  knows: [],
  about: "EuroSAT: one folder per class, of jpgs or of tifs with 13 bands; `eurosat-train.txt` and its like.",
  recognises: holdsClasses,
  open: async (folder) => {
    await checkOne(folder)
    const images = await imagesIn(folder, [""])
    const files = [...images.values()].sort((a, b) => byText(nameOf(a), nameOf(b)))
    const categories = files.map((file) => categoryOf(folder, file))
    const lists = readLists(folder)
    const parts = splitsByStem(lists, stemOf)
    return openImageSet({
      kind: "eurosat",
      folder,
      nomenclature: NOMENCLATURE,
      images,
      table: {
        names: files.map(nameOf),
        labelsOf: (row) => Uint8Array.from(NOMENCLATURE.classes, (_, i) => (i === categories[row] ? 1 : 0))
      },
      splitOf: (file) => parts.get(stemOf(file)),
      findings: listFindings(lists, files.map(nameOf))
    })
  },
  decode: (reference) => (/\.tiff?$/i.test(reference.files.image) ? decodeSentinel(reference) : decodeImage(reference))
}
