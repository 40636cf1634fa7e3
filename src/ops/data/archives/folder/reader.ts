/** Reads your own archives in a folder; see `folder.ts` for their files. */
import { join } from "node:path"
import { counted } from "../../../../pipeline/words.ts"
import type { Band } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { decodeTiffBands, type Raster } from "../../../formats/tiff/read.ts"
import { unnamedBands } from "../../patches/bands.ts"
import type { DecodeOptions, PatchFiles, Reader } from "../data-set.ts"
import { ownClasses } from "../shared/class-list.ts"
import { decodeRgb } from "../shared/image.ts"
import { imagesIn, nameOf } from "../shared/image-files.ts"
import { openImageSet } from "../shared/image-set.ts"
import { readArchiveFile } from "../shared/read-file.ts"
import { labelledBy } from "../shared/table-set.ts"
import { labellingOf } from "./labelling.ts"

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

/** The names of bands that the user gave, as a fact of each patch; no fact if the user gave none. */
export const bandFacts = (names: ReadonlyArray<string> | undefined): Readonly<Record<string, string>> =>
  names === undefined ? {} : { bands: JSON.stringify(names) }

/** The names of bands in the facts of a patch, see `bandFacts`. */
const givenBands = ({ bands }: PatchFiles["facts"]): ReadonlyArray<string> | undefined =>
  bands === undefined ? undefined : (JSON.parse(bands) as ReadonlyArray<string>)

/**
 * How the patches of such an archive are named by their files. If the table cannot be read, they are named by their stem:
 * opening the archive then says why.
 */
export const ownNames = async (folder: string, labels: string | undefined): Promise<(file: string) => string> => {
  try {
    return (await labellingOf(folder, { labels, facts: undefined })).patchName
  } catch (cause) {
    if (cause instanceof DataError) return nameOf
    throw cause
  }
}

/**
 * The bands of one image of such an archive.
 *
 * @param given names of its bands
 * @returns rejects with DataError if it cannot be read, or has another number of bands than `given` names
 */
export const decodeOwn = async (
  file: string,
  given: ReadonlyArray<string> | undefined,
  options: DecodeOptions
): Promise<ReadonlyArray<Band>> => {
  const bytes = await readArchiveFile(file, "is missing: the patch's image")
  return decodeBytes(bytes, { file, rasters: /\.tiff?$/i.test(file) }, given, options)
}

/**
 * Decodes the content of an image file.
 *
 * @param of the file for messages, and whether it is a tif
 * @returns rejects as `decodeOwn`
 */
const decodeBytes = async (
  bytes: Buffer,
  { file, rasters }: { readonly file: string; readonly rasters: boolean },
  given: ReadonlyArray<string> | undefined,
  options: DecodeOptions
): Promise<ReadonlyArray<Band>> =>
  named(
    file,
    rasters ? await decodeTiffBands(bytes, file, options.maxValues) : await decodeRgb(bytes, file, options),
    given
  )

/**
 * Decodes the image of a patch from the content of an image file, which lies in a file of many images.
 *
 * @param path of the file of many images
 * @returns rejects as `decodeOwn`
 */
export const decodePacked = (
  bytes: Buffer,
  path: string,
  { facts, name }: PatchFiles,
  options: DecodeOptions
): Promise<ReadonlyArray<Band>> => {
  const rasters = ["II", "MM"].includes(bytes.toString("latin1", 0, 2))
  return decodeBytes(bytes, { file: `${path}: ${name}`, rasters }, givenBands(facts), options)
}

export const open: Reader["open"] = async (folder, { bands, facts, labels }) => {
  const labelling = await labellingOf(folder, { facts, labels })
  const { findings, patchName, stem, table } = labelling
  const images = labelling.images ?? (await imagesIn(folder, [""], stem))
  const classes = ownClasses(table.classes)
  const rows = new Map(table.names.map((name, row) => [stem(name), row]))
  const given = bandFacts(bands)
  const at = <A>(file: string, value: (row: number) => A): A | undefined => {
    const row = rows.get(stem(file))
    return row === undefined ? undefined : value(row)
  }
  const labelled = labelledBy(table, classes)
  return openImageSet({
    folder,
    classes,
    images,
    stem,
    patchName,
    factsOf: (file) => ({ ...at(file, labelling.factsOf), ...given }),
    splitOf: (file) => at(file, labelling.splitOf),
    table: labelled.table,
    findings: [...findings, ...labelled.findings]
  })
}

export const decode: Reader["decode"] = ({ facts, files, folder }, options) =>
  decodeOwn(join(folder, files.image), givenBands(facts), options)
