/** Archives of images with masks (WHDLD, DLRSD): labels come from a table, or else from the masks. */
import { join, resolve } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import type { ArchiveOptions, OpenedSet } from "../data-set.ts"
import type { ClassList } from "./class-list.ts"
import { type Finding, finding } from "./findings.ts"
import { imagesIfWanted, imagesIn, nameOf } from "./image-files.ts"
import { type LabelledNames, openImageSet } from "./image-set.ts"
import { countMask, type Legend } from "./mask.ts"
import { inOrder } from "./read-file.ts"
import { labelledBy, readLabelTable } from "./table-set.ts"

/** Masks that are read at a time. */
const CONCURRENCY = 8

/**
 * Labels of the images that have a mask, in the order of the images' names.
 *
 * @param threshold a class counts with more pixels than this
 * @returns rejects with DataError if there are no masks, or one is damaged
 */
const labelledByMasks = async (
  folder: string,
  masks: string,
  images: ReadonlyMap<string, string>,
  legend: Legend,
  threshold: number
): Promise<{ readonly table: LabelledNames; readonly findings: ReadonlyArray<Finding> }> => {
  const files = await imagesIn(folder, [masks])
  const keys = [...images.keys()].sort().filter((key) => files.has(key))
  if (keys.length === 0) {
    throw new DataError({
      subject: join(folder, masks),
      problem: "holds no mask of any image",
      remedy: "Masks are named as the images are"
    })
  }
  const labels = await inOrder(keys, CONCURRENCY, async (key) => {
    const counts = await countMask(join(folder, files.get(key) ?? ""), legend)
    return Uint8Array.from(counts, (count) => (count > threshold ? 1 : 0))
  })
  const pixels = threshold === 0 ? "any pixel counts" : `more than ${threshold} pixels count`
  return {
    table: { names: keys.map((key) => nameOf(images.get(key) ?? key)), labelsOf: (row) => labels[row] },
    findings: [
      ...finding(
        "masks have no image",
        [...files].filter(([key]) => !images.has(key)).map(([, file]) => file),
        "fail",
        "Unpack all images, or leave these out with `on_bad_patch: skip`"
      ),
      ...finding(
        `images have labels from their masks (${pixels}), not from a table`,
        keys,
        "note",
        "Mention it beside results: labels from masks differ from those of a table"
      )
    ]
  }
}

/** An archive of images with masks. */
export interface MaskedSet {
  readonly folder: string
  readonly classes: ClassList
  /** The file of labels, within the folder; `undefined` if they come from the masks. */
  readonly table: string | undefined
  /** The folder of masks. */
  readonly masks: string
  readonly legend: Legend
}

/**
 * Opens an archive whose labels come from a table or, without one, from the classes in its masks. Images are in `Images/`.
 *
 * @returns rejects with DataError as `labelledByMasks`, or if there are no images
 */
export const openMaskedSet = async (
  { legend, masks, table, ...set }: MaskedSet,
  { labelsOnly, threshold }: ArchiveOptions
): Promise<OpenedSet> => {
  const { classes, folder } = set
  if (table === undefined) {
    const images = await imagesIn(folder, ["Images"])
    return openImageSet({ ...set, images, ...(await labelledByMasks(folder, masks, images, legend, threshold)) })
  }
  if (threshold > 0) {
    throw new DataError({
      subject: resolve(folder, table),
      problem: "already gives the labels, so `mask_threshold` has no effect",
      remedy: "Omit `mask_threshold`, or remove the table to take labels from the masks"
    })
  }
  const images = await imagesIfWanted(labelsOnly, folder, ["Images"])
  return openImageSet({
    ...set,
    images,
    ...labelledBy(await readLabelTable(resolve(folder, table)), classes)
  })
}
